import type { Place } from '../../bytes/byte-source.js';
import { AssayError } from '../../errors.js';
import type { ArraySource } from './array-source.js';
import { shapeText } from './nd-array.js';
import { numbers } from './pixels.js';

/** No data set has more classes. */
const MAX_CLASSES = 2 ** 24;

const invalid = (
  place: Place,
  message: string,
  details: { expected?: string; found?: string; hint?: string },
) => new AssayError('data-invalid', message, { ...place, ...details });

/**
 * Class indices of n examples, from integers or floats without fraction.
 * Errors: `data-invalid` for another count, one-hot rows, negative, fractional or absurd labels.
 */
export async function readLabels(array: ArraySource, n: number): Promise<Int32Array> {
  const { shape } = array;
  const { place } = array.source;
  if (shape.length === 2 && shape[1]! > 1)
    throw invalid(place, 'the labels are not class numbers', {
      expected: `shape (${n},)`,
      found: `shape ${shapeText(shape)}, perhaps one-hot rows`,
      hint: 'save labels.argmax(axis=1) instead',
    });
  if (shape.length === 0 || shape.length > 2)
    throw invalid(place, 'the labels are not class numbers', {
      expected: `shape (${n},)`,
      found: `shape ${shapeText(shape)}`,
    });
  if (shape[0] !== n)
    throw invalid(place, 'there must be one label per image', {
      expected: `${n} labels`,
      found: `${shape[0]}`,
      hint: 'check that images and labels belong to the same part of the data',
    });
  return classIndices(numbers(await array.all()), place);
}

/** Checks that all are class indices. Errors: `data-invalid` naming the example. */
export function classIndices(values: ArrayLike<number>, place: Place, classes = MAX_CLASSES): Int32Array {
  const labels = new Int32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const label = values[i]!;
    if (!(Number.isInteger(label) && label >= 0 && label < classes))
      throw invalid(
        { file: place.file, path: [place.path, `example ${i}`].filter(Boolean).join(', ') },
        'a label is not a class number',
        {
          expected: classes === MAX_CLASSES ? 'integers from 0' : `integers from 0 to ${classes - 1}`,
          found: String(label),
          hint:
            label < 0
              ? `${label === -100 ? '-100 is the ignore_index of PyTorch, which' : `${label} commonly`} marks what has no label: leave these examples out, of images or logits too (keep = labels >= 0); a data set may say \`labels: false\``
              : 'save whole class numbers from 0',
        },
      );
    labels[i] = label;
  }
  return labels;
}
