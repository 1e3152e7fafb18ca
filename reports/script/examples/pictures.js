// Images lie side by side in sprites. Differences are computed here, from the two that they are of.
const SIDE = 112;

const loadedImages = new Map();
function decoded(png) {
  if (!loadedImages.has(png)) {
    const image = new Image();
    image.src = png;
    loadedImages.set(
      png,
      image.decode().then(() => image),
    );
  }
  return loadedImages.get(png);
}

/** Draws the image of an example, as large as `side` allows in whole pixels. Without a name it stands beside one. */
async function drawFrom(sprite, index, side, name) {
  const i = sprite.indices.indexOf(index);
  const image = await decoded(sprite.png);
  const { width, height, across } = sprite;
  const told = name ? { role: 'img', 'aria-label': name } : { 'aria-hidden': 'true' };
  const canvas = make('canvas', { ...told, width, height });
  canvas
    .getContext('2d', { willReadFrequently: true })
    .drawImage(
      image,
      (i % across) * width,
      Math.floor(i / across) * height,
      width,
      height,
      0,
      0,
      width,
      height,
    );
  return sized(canvas, side);
}

function sized(canvas, side) {
  const scale = Math.max(1, Math.floor(side / Math.max(canvas.width, canvas.height)));
  canvas.style.width = `${canvas.width * scale}px`;
  canvas.style.height = `${canvas.height * scale}px`;
  return canvas;
}

/** Around grey, the largest change black or white. */
function difference(one, other, name) {
  const { width, height } = one;
  const [a, b] = [one, other].map((canvas) => canvas.getContext('2d').getImageData(0, 0, width, height));
  let largest = 1;
  const change = (j) => a.data[j] - b.data[j];
  for (let j = 0; j < a.data.length; j++) if (j % 4 !== 3) largest = Math.max(largest, Math.abs(change(j)));
  for (let j = 0; j < a.data.length; j++) if (j % 4 !== 3) a.data[j] = 127.5 + (127.5 * change(j)) / largest;
  const canvas = make('canvas', { role: 'img', 'aria-label': name, width, height });
  canvas.getContext('2d').putImageData(a, 0, 0);
  return sized(canvas, SIDE);
}

/** The sprites that hold an example: `clean` ones first. Parts are in the order of rows, which is that of indices. */
async function spritesWith(dataset, index) {
  for (let k = 0; k < dataset.pictures; k++) {
    const sprites = await part(`${dataset.file}-pictures-${k}`);
    const found = sprites.filter(({ indices }) => indices.includes(index));
    if (found.length > 0) return found;
    if (sprites.every(({ indices }) => indices.at(-1) > index)) return [];
  }
  return [];
}
