/** Receive images that are dropped, pasted, chosen or photographed, and show one over the paper. */

const LARGEST = 1000; // pixels of the longer side on the screen
let shown = null; // the file that was shown last

/** Call take(file) with each image, or refuse(text) with the reason if there is not exactly one. */
export function takeImages({ take, refuse }) {
  const takeOne = (files) => {
    if (files.length === 1) take(files[0]);
    else if (files.length > 1) refuse(`One image at a time, please: there are ${files.length}.`);
    else refuse("Drop the file of an image: nothing else can be read.");
  };
  listenForDrops(takeOne);
  document.addEventListener("paste", (event) => {
    const { files } = event.clipboardData;
    if (!files.length) return; // pasted text goes into its field
    event.preventDefault();
    takeOne(files);
  });
  linkChooser("choose", "file", take);
  linkChooser("take", "camera", take);
}

function listenForDrops(takeOne) {
  const mark = (isOver) => document.body.classList.toggle("dropping", isOver);
  document.addEventListener("dragover", (event) => {
    event.preventDefault(); // else the browser opens the file in place of the page
    mark(true);
  });
  document.addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) mark(false); // it left the page
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    mark(false);
    takeOne(event.dataTransfer.files);
  });
}

function linkChooser(button, input, take) {
  const chooser = document.getElementById(input);
  document.getElementById(button).addEventListener("click", () => chooser.click());
  chooser.addEventListener("change", () => {
    const [file] = chooser.files;
    chooser.value = ""; // so that the same file can be chosen again
    if (file) take(file);
  });
}

/** Show an image over the paper, or only its name if this browser does not know its format. */
export async function showPhoto(figure, file) {
  shown = file;
  const canvas = figure.querySelector("canvas");
  const name = file.name || "pasted image";
  figure.querySelector("figcaption").textContent = name;
  canvas.setAttribute("aria-label", `The image ${name}`);
  canvas.hidden = true;
  figure.hidden = false;
  let bitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    return;
  }
  if (file !== shown) return; // another one came meanwhile
  const scale = Math.min(1, LARGEST / Math.max(bitmap.width, bitmap.height));
  canvas.width = Math.max(1, Math.round(scale * bitmap.width));
  canvas.height = Math.max(1, Math.round(scale * bitmap.height));
  canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  canvas.hidden = false;
}
