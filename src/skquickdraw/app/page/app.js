/** Send the sketch, or an image, to the server, and show what the model predicts. */

import { showColours } from "./colours.js";
import { Correction } from "./correction.js";
import { showPhoto, takeImages } from "./images.js";
import { Paper } from "./paper.js";

const PAUSE = 60; // milliseconds between an answer and the next question
const PATIENCE = 15_000; // milliseconds until an answer counts as lost
const PATIENCE_FOR_IMAGES = 120_000; // they are large, and decoded one at a time
const QUIET = 1_000; // milliseconds that a guess has to last before it is spoken
const FEW = 20; // up to so many classes, their list is open from the start

const find = (id) => document.getElementById(id);
const make = (tag, name, text = "") =>
  Object.assign(document.createElement(tag), { className: name, textContent: text });
const wait = (time) => new Promise((resolve) => setTimeout(resolve, time));

const paper = new Paper(find("paper"), { changed: onChange, say });
const correction = new Correction(save);
let model = null; // the server's description of it
let image = null; // a file that is shown in place of the sketch
let asking = false;
let stale = false; // the sketch, or image, has changed since the last question
let sketch = 0; // counts removals of strokes: answers to questions from before come too late
let nStrokes = 0;

/** The paper has changed. */
function onChange() {
  if (paper.nStrokes < nStrokes) sketch += 1;
  nStrokes = paper.nStrokes;
  showNotice(null);
  look();
}

/** Update the page for what is there now: an image, a sketch or nothing. */
function look() {
  const isEmpty = image === null && paper.isEmpty;
  stale = true;
  find("invitation").hidden = !isEmpty;
  find("clear").textContent = image === null ? "Clear" : "Remove image";
  allow("clear", !isEmpty);
  allow("undo", image === null && !paper.isEmpty);
  allow("download", image === null && !paper.isEmpty);
  allow("wrong", false); // until there is a guess about it
  showSaved(null);
  if (isEmpty) showNothing();
  ask();
}

/** Enable or disable a button. aria-disabled, because a disabled one may keep the keyboard focus. */
function allow(button, isOpen) {
  find(button).setAttribute("aria-disabled", !isOpen);
}

/** Call act when an enabled button is clicked. */
function onClick(button, act) {
  find(button).addEventListener("click", () => {
    if (find(button).getAttribute("aria-disabled") !== "true") act();
  });
}

/** Ask one question at a time, so that answers come in order; repeat while the sketch changes. */
async function ask() {
  if (asking) return;
  setAsking(true);
  let asked;
  let goesOn = false;
  try {
    while (stale && (image !== null || !paper.isEmpty)) {
      stale = false;
      asked = { sketch, image };
      const answer = await (image === null
        ? request("predict", describeSketch())
        : request("image", image));
      showTrouble(null);
      if (asked.sketch === sketch && asked.image === image) show(answer);
      await wait(PAUSE);
    }
  } catch (error) {
    goesOn = onFailure(error, asked);
  } finally {
    setAsking(false);
  }
  if (goesOn) ask();
}

/** Show an error, and return whether to ask again: yes, if an image was refused and is removed. */
function onFailure(error, asked) {
  stale = true;
  const goesOn = error.isRefusal && asked.image !== null;
  if (!goesOn) showTrouble(error.message, ask);
  else if (asked.image === image) {
    setImage(null);
    showNotice(error.message);
  }
  return goesOn;
}

function setAsking(value) {
  asking = value;
  find("bars").setAttribute("aria-busy", value);
}

function describeSketch() {
  const { strokes, colours } = paper;
  return model?.has_colours ? { strokes, colours } : { strokes };
}

/** GET, or POST if there is content; errors have a text for users. */
async function request(path, content) {
  const isFile = content instanceof Blob;
  const post = {
    method: "POST",
    headers: { "Content-Type": isFile ? "application/octet-stream" : "application/json" },
    body: isFile ? content : JSON.stringify(content),
  };
  const signal = AbortSignal.timeout(isFile ? PATIENCE_FOR_IMAGES : PATIENCE);
  let response, answer;
  try {
    response = await fetch(path, { ...(content === undefined ? {} : post), signal });
    answer = await response.json();
  } catch {
    throw new Error("The server does not answer. Is skquickdraw app still running?");
  }
  if (!response.ok) throw Object.assign(new Error(answer.error), { isRefusal: true });
  return answer;
}

/* Images */

function takeImage(file) {
  if (find("correction").open) return;
  if (model && file.size > model.max_bytes) {
    const size = (bytes) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
    showNotice(`An image may have at most ${size(model.max_bytes)}; this one has ${size(file.size)}.`);
    return;
  }
  showNotice(null);
  setImage(file);
  say(`Looking at ${file.name || "the image"}.`);
}

/** Show an image in place of the sketch, which is kept below; null shows the sketch again. */
function setImage(file) {
  image = file;
  find("paper").inert = file !== null;
  if (file === null) find("photo").hidden = true;
  else showPhoto(find("photo"), file);
  showNothing();
  look();
}

function clear() {
  if (image === null) paper.clear();
  else setImage(null);
}

async function download() {
  const isDark = model?.has_colours && !model.is_on_paper;
  const [ground, ink] = isDark ? ["#000000", "#ffffff"] : ["#ffffff", "#000000"];
  const link = make("a", "");
  link.href = URL.createObjectURL(await paper.print(ground, ink));
  link.download = "sketch.png";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // the browser may still be writing
}

/* Corrections */

async function save(label) {
  try {
    const { file } = await (image === null
      ? request("save", { label, ...describeSketch() })
      : request(`save-image?label=${label}`, image));
    allow("wrong", false); // once is enough
    showSaved(`Saved as ${model.names[label]}, in ${file}.`);
  } catch (error) {
    showNotice(`It was not saved. ${error.message}`);
  }
}

function showSaved(text) {
  find("saved").hidden = text === null;
  find("saved").textContent = text;
  if (!text) return;
  clearTimeout(timer); // a guess that waits to be spoken would replace it
  say(text);
}

/* Answers */

function show({ picture, top }) {
  const lead = top[0].probability >= 0.5 ? "Looks like" : "Perhaps";
  find("headline").replaceChildren(`${lead} `, make("strong", "", top[0].name));
  showBars(top);
  showPicture(picture);
  allow("wrong", !stale && find("saved").hidden);
  sayGuess(`${lead} ${top[0].name}, ${percent(top[0].probability)}`);
}

function showNothing() {
  find("headline").textContent =
    image === null ? "Start to draw: the model guesses while you draw." : "Looking at the image …";
  showBars([]);
  showPicture([]);
  sayGuess("");
}

/** Update the rows of the last answer in place, so that the bars move smoothly. */
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

/** Show rows of grey levels, or of [red, green, blue]. */
function showPicture(rows) {
  const canvas = find("picture");
  find("caption").textContent = describePicture();
  const what = image === null ? "sketch" : "image";
  const label = rows.length ? `The ${what} as the model sees it` : "No image yet";
  canvas.setAttribute("aria-label", `${label}: ${find("caption").textContent}`);
  const context = canvas.getContext("2d");
  context.clearRect(0, 0, canvas.width, canvas.height);
  if (!rows.length) return;
  const channels = (pixel) => (Array.isArray(pixel) ? pixel : [pixel, pixel, pixel]);
  const levels = rows.flatMap((row) => row.flatMap((pixel) => [...channels(pixel), 255]));
  context.putImageData(new ImageData(Uint8ClampedArray.from(levels), rows.length), 0, 0);
}

function describePicture() {
  if (model === null) return "";
  const { side, has_colours, is_on_paper, reads_drawings } = model;
  let kind = is_on_paper ? "black on white" : "white on black";
  if (has_colours) kind = "in colour";
  else if (image !== null && !reads_drawings) kind = "in grey";
  const isFound = image !== null && reads_drawings;
  return `${side} × ${side} pixels, ${kind}${isFound ? ", found on the image" : ""}`;
}

function showTrouble(text, retry) {
  const trouble = find("trouble");
  trouble.hidden = text === null;
  trouble.querySelector("p").textContent = text;
  trouble.querySelector("button").onclick = retry;
}

/** Show a problem for which trying again would not help; null hides it. */
function showNotice(text) {
  find("notice").hidden = text === null;
  find("notice").querySelector("p").textContent = text;
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
    model = await request("model");
    showTrouble(null);
    showModel(model);
  } catch (error) {
    showTrouble(error.message, start);
  }
  if (paper.isEmpty && image === null) showNothing();
}

function showModel({ kind, side, names, has_colours, is_on_paper, saves }) {
  find("model").textContent = `${kind} · ${names.length} classes`;
  find("picture").width = find("picture").height = side;
  find("wrong").hidden = !saves;
  document.querySelector("details").open = names.length <= FEW;
  document.querySelector("summary").textContent = `The ${names.length} classes it knows`;
  find("names").replaceChildren(...names.map((name) => make("li", "", name)));
  if (!has_colours || !find("colours").hidden) return;
  document.body.classList.add(is_on_paper ? "on-light" : "on-dark");
  showColours(find("colours"), is_on_paper, (colour) => (paper.colour = colour));
}

look();
takeImages({ take: takeImage, refuse: showNotice });
onClick("undo", () => paper.undo());
onClick("clear", clear);
onClick("download", download);
onClick("wrong", () => correction.open(model.names));
find("notice").querySelector("button").addEventListener("click", () => showNotice(null));
document.addEventListener("keydown", (event) => {
  const isOurs = image === null && !find("correction").open; // an input has an undo of its own
  if (isOurs && (event.ctrlKey || event.metaKey) && event.key === "z") {
    event.preventDefault();
    paper.undo();
  }
});
start();
