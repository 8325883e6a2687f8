/** Asks the server what the model makes of the drawing, and shows it. */

import { Paper } from "./paper.js";

const PAUSE = 60; // milliseconds between an answer and the next question
const PATIENCE = 15_000; // milliseconds until an answer counts as lost
const QUIET = 1_000; // milliseconds that a guess has to last before it is spoken
const FEW = 20; // classes that are listed without being asked for

const find = (id) => document.getElementById(id);
const make = (tag, name, text = "") =>
  Object.assign(document.createElement(tag), { className: name, textContent: text });
const wait = (time) => new Promise((resolve) => setTimeout(resolve, time));

const paper = new Paper(find("paper"), { changed: onChange, say });
let asking = false;
let stale = false; // the drawing has changed since the last question
let drawing = 0; // counts up when strokes go: answers about them come too late
let nStrokes = 0;

function onChange() {
  if (paper.nStrokes < nStrokes) drawing += 1;
  nStrokes = paper.nStrokes;
  stale = true;
  if (paper.isEmpty) showNothing();
  find("invitation").hidden = !paper.isEmpty;
  ask();
}

/** One question at a time, so answers come in order; the next takes the drawing as it is by then. */
async function ask() {
  if (asking) return;
  setAsking(true);
  try {
    while (stale && !paper.isEmpty) {
      stale = false;
      const asked = drawing;
      const answer = await request("predict", { strokes: paper.strokes });
      showTrouble(null);
      if (asked === drawing) show(answer);
      await wait(PAUSE);
    }
  } catch (error) {
    showTrouble(error.message, ask);
    stale = true;
  } finally {
    setAsking(false);
  }
}

function setAsking(value) {
  asking = value;
  find("bars").setAttribute("aria-busy", value);
}

/** GET, or POST where there is something to send; errors have a text for people. */
async function request(path, content) {
  const post = {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(content),
  };
  let response, answer;
  try {
    const options = content === undefined ? {} : post;
    response = await fetch(path, { ...options, signal: AbortSignal.timeout(PATIENCE) });
    answer = await response.json();
  } catch {
    throw new Error("The server does not answer. Is skquickdraw app still running?");
  }
  if (!response.ok) throw new Error(answer.error);
  return answer;
}

function show({ picture, top }) {
  const lead = top[0].probability >= 0.5 ? "Looks like" : "Perhaps";
  find("headline").replaceChildren(`${lead} `, make("strong", "", top[0].name));
  showBars(top);
  showPicture(picture);
  sayGuess(`${lead} ${top[0].name}, ${percent(top[0].probability)}`);
}

function showNothing() {
  find("headline").textContent = "Start to draw, and the model guesses along.";
  showBars([]);
  showPicture([]);
  sayGuess("");
}

/** Rows are kept from one answer to the next, so that bars glide. */
function showBars(top) {
  const bars = find("bars");
  while (bars.children.length > top.length) bars.lastChild.remove();
  while (bars.children.length < top.length) bars.append(makeRow());
  top.forEach(({ name, probability }, i) => {
    const row = bars.children[i];
    row.querySelector(".name").textContent = name;
    row.querySelector(".share").textContent = percent(probability);
    row.querySelector(".bar span").style.setProperty("--part", probability);
  });
}

function makeRow() {
  const row = make("li", "");
  const bar = make("span", "bar");
  bar.append(make("span", ""));
  bar.setAttribute("aria-hidden", "true"); // the number beside it says the same
  row.append(make("span", "name"), " ", make("span", "share"), bar);
  return row;
}

function percent(part) {
  if (part < 0.01) return "<1 %";
  if (part > 0.99) return ">99 %";
  return `${Math.round(100 * part)} %`;
}

function showPicture(rows) {
  const canvas = find("picture");
  const what = rows.length ? "The drawing as the model sees it" : "No picture yet";
  canvas.setAttribute("aria-label", `${what}: ${find("caption").textContent}`);
  const context = canvas.getContext("2d");
  context.clearRect(0, 0, canvas.width, canvas.height);
  if (!rows.length) return;
  const grey = rows.flat().flatMap((value) => [value, value, value, 255]);
  context.putImageData(new ImageData(Uint8ClampedArray.from(grey), rows.length), 0, 0);
}

function showTrouble(text, retry) {
  const trouble = find("trouble");
  trouble.hidden = text === null;
  trouble.querySelector("p").textContent = text;
  trouble.querySelector("button").onclick = retry;
}

function say(text) {
  find("spoken").textContent = text;
}

/** Speak a guess once it has settled, and not again while it stays the same class. */
let timer = 0;
let spoken = "";
function sayGuess(text) {
  clearTimeout(timer);
  const [guess] = text.split(",");
  timer = setTimeout(() => {
    if (guess && guess !== spoken) say(text);
    spoken = guess;
  }, QUIET);
}

async function start() {
  try {
    const { kind, side, names } = await request("model");
    showTrouble(null);
    find("model").textContent = `${kind} · ${names.length} classes`;
    find("caption").textContent = `${side} × ${side} pixels, white on black`;
    find("picture").width = find("picture").height = side;
    document.querySelector("details").open = names.length <= FEW;
    document.querySelector("summary").textContent = `The ${names.length} classes it knows`;
    find("names").replaceChildren(...names.map((name) => make("li", "", name)));
  } catch (error) {
    showTrouble(error.message, start);
  }
  if (paper.isEmpty) showNothing();
}

find("undo").addEventListener("click", () => paper.undo());
find("clear").addEventListener("click", () => paper.clear());
document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key === "z") {
    event.preventDefault();
    paper.undo();
  }
});
start();
