import { AssayError } from '../errors.js';
import { stream } from '../random/stream.js';

export interface ReplayBufferOptions {
  /** Images kept. JEM: 10,000. */
  capacity: number;
  /** Numbers per image. */
  size: number;
  /** Probability that a chain starts from noise rather than from the buffer. JEM: 0.05. */
  reinit: number;
  seed: number;
  /** Images to begin with, (capacity, size), copied: those of a checkpoint. Default: uniform noise. */
  from?: Float32Array;
}

/** Images to start chains from, and where to put their ends. */
export interface Draw {
  /** (n, size) in [0, 1], a copy. */
  pixels: Float32Array;
  /** (n): the place of each in the buffer; also of those that start from noise. */
  slots: Int32Array;
  /** (n): 1 for those that start from noise. */
  fresh: Uint8Array;
}

/**
 * The persistent chains of JEM's training (Du & Mordatch 2019; Grathwohl et al. 2019, Algorithm 1): filled with
 * uniform noise, drawn from with replacement, and each end of a chain put back where its start came from, a
 * start from fresh noise included. If a place is drawn twice in a batch the later image stays.
 * Draws are keyed by (seed, row, step), so a training run can be repeated and continued.
 */
export class ReplayBuffer {
  /** (capacity, size) */
  readonly pixels: Float32Array;

  /**
   * Errors: `config-invalid` for a capacity or size below 1, a probability outside [0, 1], or images to begin with
   * that are not so many.
   */
  constructor(private readonly options: ReplayBufferOptions) {
    const { capacity, size, reinit, seed, from } = options;
    if (!Number.isInteger(capacity) || capacity < 1 || !Number.isInteger(size) || size < 1) {
      throw new AssayError(
        'config-invalid',
        'a replay buffer holds at least one image of at least one pixel',
        {
          found: `capacity ${capacity}, size ${size}`,
        },
      );
    }
    if (!(reinit >= 0 && reinit <= 1)) {
      throw new AssayError('config-invalid', 'the probability of a fresh start is not a probability', {
        expected: 'a number in [0, 1]',
        found: String(reinit),
      });
    }
    if (from !== undefined && from.length !== capacity * size)
      throw new AssayError('config-invalid', 'the images to begin with do not fill the replay buffer', {
        expected: `${capacity} images of ${size} numbers`,
        found: `${from.length} numbers`,
      });
    this.pixels = from ? from.slice() : new Float32Array(capacity * size);
    if (from) return;
    for (let slot = 0; slot < capacity; slot++) {
      fillUniform(this.slot(slot), stream({ seed, purpose: 'replay/fill', example: slot }));
    }
  }

  /** Starts of n chains at a step of training. The same step gives the same places and the same fresh noise. */
  draw(n: number, step: number): Draw {
    const { capacity, size, reinit, seed } = this.options;
    const pixels = new Float32Array(n * size);
    const slots = new Int32Array(n);
    const fresh = new Uint8Array(n);
    for (let row = 0; row < n; row++) {
      const source = stream({ seed, purpose: 'replay/draw', example: row, step });
      slots[row] = Math.floor(source.uniform() * capacity);
      const start = pixels.subarray(row * size, (row + 1) * size);
      fresh[row] = Number(source.uniform() < reinit);
      if (fresh[row]) fillUniform(start, source);
      else start.set(this.slot(slots[row]!));
    }
    return { pixels, slots, fresh };
  }

  /** Puts the ends of chains (n, size) where their starts came from. */
  store(slots: Int32Array, pixels: Float32Array): void {
    const { size } = this.options;
    slots.forEach((slot, row) => {
      this.slot(slot).set(pixels.subarray(row * size, (row + 1) * size));
    });
  }

  private slot(index: number): Float32Array {
    return this.pixels.subarray(index * this.options.size, (index + 1) * this.options.size);
  }
}

function fillUniform(pixels: Float32Array, source: { uniform(): number }): void {
  for (let i = 0; i < pixels.length; i++) pixels[i] = source.uniform();
}
