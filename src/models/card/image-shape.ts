import type { ImageShape } from '../../architectures/image-shape.js';
import type { ModelCard } from './card.js';

/** (C, H, W) of a card's `input.shape`: fewer numbers stand behind axes of one. */
export function imageShape(shape: readonly number[]): ImageShape {
  const [channels, height, width] = [1, 1, ...shape].slice(-3) as [number, number, number];
  return [channels, height, width];
}

const sizeOf = (shape: readonly number[]) => shape.reduce((product, d) => product * d, 1);

/**
 * A card that says only how many numbers a network reads, as [784] or [1, 784, 1] do, for images of so many: they
 * keep their shape, which attacks on regions of an image need, and are laid out in a row for the network.
 */
export function forImages(card: ModelCard, image: ImageShape | undefined): ModelCard {
  const { shape } = card.input;
  const isRow = shape.filter((d) => d > 1).length <= 1;
  if (!image || !isRow || sizeOf(shape) !== sizeOf(image)) return card;
  return { ...card, input: { ...card.input, shape: [...image] } };
}
