/** The colours to draw with, for models that learned from colour images. */

const HUES = {
  Red: "#e03131",
  Orange: "#f76707",
  Yellow: "#fcc419",
  Green: "#2f9e44",
  Blue: "#1c7ed6",
  Purple: "#9c36b5",
  Brown: "#8f5b2c",
};
const INKS = { Black: "#000000", White: "#ffffff" };

/** Show the colours, and call chosen(colour) now with the first one, and then at each choice. */
export function showColours(fieldset, isOnPaper, chosen) {
  const name = isOnPaper ? "Black" : "White"; // what stands out most on the model's paper
  const colours = { [name]: INKS[name], ...HUES };
  for (const [label, colour] of Object.entries(colours)) {
    fieldset.append(makeChoice(label, colour, () => chosen(colour)));
  }
  fieldset.querySelector("input").checked = true;
  fieldset.hidden = false;
  chosen(colours[name]);
}

function makeChoice(label, colour, act) {
  const input = Object.assign(document.createElement("input"), { type: "radio", name: "colour" });
  input.setAttribute("aria-label", label);
  input.title = label;
  input.style.setProperty("--colour", colour);
  input.addEventListener("change", act);
  return input;
}
