/**
 * The paper: strokes by mouse, pen, finger or keys. It knows nothing of the model.
 *
 * A stroke is { points, colour }; the colour null is that of the page's own ink.
 *
 * Points are in units of the paper, 0 to SIZE, whatever its size on the screen.
 */

const SIZE = 400;
const INK = 9; // width of the line
const PRINT = 800; // pixels of a side of the image to download
const NEAR = 2; // points nearer than this to the last one are left out
const STEP = 10;
const FINE_STEP = 2;
const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class Paper {
  #canvas;
  #changed;
  #say;
  colour = null; // of the next strokes
  #strokes = []; // their points are [x, y]
  #stroke = null; // the one that is being drawn
  #pointer = null; // the id of the pointer that draws it; null for the keys
  #pen = [SIZE / 2, SIZE / 2]; // where the keys draw
  #held = new Set(); // arrow keys that are down

  /** changed() is called after every change of the sketch, say(text) for screen readers. */
  constructor(canvas, { changed, say }) {
    this.#canvas = canvas;
    this.#changed = changed;
    this.#say = say;
    this.#listen();
  }

  get nStrokes() {
    return this.#strokes.length;
  }

  get isEmpty() {
    return this.nStrokes === 0;
  }

  /** The strokes in the form of Quick, Draw!: each is [[x, ...], [y, ...]]. */
  get strokes() {
    const axis = (points, i) => points.map((point) => Math.round(point[i] * 10) / 10);
    return this.#strokes.map(({ points }) => [axis(points, 0), axis(points, 1)]);
  }

  get colours() {
    return this.#strokes.map(({ colour }) => colour);
  }

  /** The sketch as a PNG, in the colours of paper and ink. */
  print(paper, ink) {
    const canvas = new OffscreenCanvas(PRINT, PRINT);
    const context = canvas.getContext("2d");
    context.fillStyle = paper;
    context.fillRect(0, 0, PRINT, PRINT);
    context.scale(PRINT / SIZE, PRINT / SIZE);
    traceAll(context, this.#strokes, ink);
    return canvas.convertToBlob({ type: "image/png" });
  }

  undo() {
    this.#end();
    if (!this.#strokes.pop()) return;
    const left = this.nStrokes;
    this.#say(`Undone. ${left} ${left === 1 ? "stroke" : "strokes"} left.`);
    this.#update();
  }

  clear() {
    this.#end();
    if (this.isEmpty) return;
    this.#strokes = [];
    this.#say("Cleared.");
    this.#update();
  }

  #listen() {
    const on = (name, act) => this.#canvas.addEventListener(name, act);
    on("pointerdown", (event) => this.#pointerDown(event));
    on("pointermove", (event) => this.#pointerMove(event));
    on("pointerup", (event) => this.#pointerUp(event));
    on("pointercancel", (event) => this.#pointerUp(event));
    on("keydown", (event) => this.#keyDown(event));
    on("keyup", (event) => this.#held.delete(event.key));
    on("focus", () => this.#draw());
    on("blur", () => this.#leave());
    new ResizeObserver(() => this.#draw()).observe(this.#canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#draw());
  }

  #pointerDown(event) {
    if (this.#pointer !== null || event.button !== 0) return; // a second finger, another button
    this.#pointer = event.pointerId;
    this.#canvas.setPointerCapture(event.pointerId); // it may leave the paper and come back
    this.#begin(this.#place(event));
  }

  #pointerMove(event) {
    if (event.pointerId !== this.#pointer) return;
    const between = event.getCoalescedEvents?.() ?? []; // since the last frame of the screen
    for (const each of between.length ? between : [event]) this.#reach(this.#place(each));
  }

  #pointerUp(event) {
    if (event.pointerId === this.#pointer) this.#end();
  }

  #keyDown(event) {
    const commands = {
      " ": () => this.#togglePen(event),
      Enter: () => this.#togglePen(event),
      Backspace: () => this.undo(),
      Escape: () => this.clear(),
    };
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in MOVES) this.#movePen(event);
    else if (event.key in commands) commands[event.key]();
    else return;
    event.preventDefault(); // no scrolling
  }

  #movePen(event) {
    this.#held.add(event.key);
    const step = event.shiftKey ? FINE_STEP : STEP;
    const sum = (i) => [...this.#held].reduce((total, key) => total + MOVES[key][i], 0);
    this.#pen = [clamp(this.#pen[0] + step * sum(0)), clamp(this.#pen[1] + step * sum(1))];
    if (this.#stroke && this.#pointer === null) this.#reach(this.#pen);
    this.#draw();
  }

  #togglePen(event) {
    if (event.repeat || this.#pointer !== null) return;
    const isDown = this.#stroke !== null;
    if (isDown) this.#end();
    else this.#begin(this.#pen);
    this.#say(isDown ? "Pen up." : "Pen down.");
  }

  #leave() {
    this.#held.clear();
    if (this.#pointer === null) this.#end();
    this.#draw();
  }

  #begin(point) {
    this.#stroke = { points: [point], colour: this.colour };
    this.#strokes.push(this.#stroke);
    this.#update();
  }

  #reach(point) {
    const [x, y] = this.#stroke.points.at(-1);
    if (Math.hypot(point[0] - x, point[1] - y) < NEAR) return;
    this.#stroke.points.push(point);
    this.#update();
  }

  #end() {
    this.#stroke = null;
    this.#pointer = null;
    this.#draw();
  }

  #place(event) {
    const box = this.#canvas.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * SIZE;
    return [clamp(x), clamp(((event.clientY - box.top) / box.height) * SIZE)];
  }

  #update() {
    this.#draw();
    this.#changed();
  }

  #draw() {
    const canvas = this.#canvas;
    const side = Math.round(canvas.clientWidth * devicePixelRatio);
    if (canvas.width !== side || canvas.height !== side) canvas.width = canvas.height = side;
    const context = canvas.getContext("2d");
    const style = getComputedStyle(canvas);
    context.setTransform(side / SIZE, 0, 0, side / SIZE, 0, 0);
    context.clearRect(0, 0, SIZE, SIZE);
    traceAll(context, this.#strokes, style.color);
    if (canvas.matches(":focus-visible")) {
      const accent = style.getPropertyValue("--accent");
      drawPen(context, this.#pen, accent, this.#stroke !== null);
    }
  }
}

function clamp(value) {
  return Math.min(SIZE, Math.max(0, value));
}

function traceAll(context, strokes, ink) {
  Object.assign(context, { lineWidth: INK, lineCap: "round", lineJoin: "round" });
  for (const { points, colour } of strokes) {
    context.strokeStyle = colour ?? ink;
    trace(context, points);
  }
}

/** Draw a smooth line through the middles between the points. */
function trace(context, points) {
  const [first, ...rest] = points;
  context.beginPath();
  context.moveTo(...first);
  let last = first;
  for (const point of rest) {
    context.quadraticCurveTo(...last, (last[0] + point[0]) / 2, (last[1] + point[1]) / 2);
    last = point;
  }
  context.lineTo(...last);
  context.stroke();
}

/** Show where the keys draw: a ring, which is filled while the pen is down. */
function drawPen(context, [x, y], colour, isDown) {
  context.beginPath();
  context.arc(x, y, 9, 0, 2 * Math.PI);
  context.lineWidth = 3;
  context.strokeStyle = context.fillStyle = colour;
  context.stroke();
  if (isDown) context.fill();
}
