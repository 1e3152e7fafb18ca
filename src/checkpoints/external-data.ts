import { constants, realpathSync } from 'node:fs';
import { dirname, posix, relative, resolve, sep, win32 } from 'node:path';
import { limits } from '../bytes/limits.js';
import { openRegularSync } from '../bytes/regular-file.js';
import { AssayError } from '../errors.js';
import type { ExternalData } from '../graph/read.js';

const hint = 'keep the weights beside the model file, or save the model as one file';

/**
 * Where a location may lead: a regular file inside the model's own folder, however it is written and whatever
 * links it passes. A model from elsewhere must not make us read other files.
 */
function resolveInside(folder: string, location: string, model: string): string {
  const refuse = (found: string, cause?: unknown) =>
    new AssayError('file-malformed', 'the model keeps weights where it may not', {
      file: model,
      path: `external data "${location}"`,
      expected: "a file in the model's own folder, by a relative path without `..`",
      found,
      hint,
      cause,
    });
  if (location.includes('\0')) throw refuse('a path with a zero byte');
  if (posix.isAbsolute(location) || win32.isAbsolute(location)) throw refuse('an absolute path');
  if (location.split(/[\\/]/).includes('..')) throw refuse('a path with `..`');
  let target: string;
  try {
    target = realpathSync(resolve(folder, location));
  } catch (cause) {
    throw new AssayError('file-unreadable', 'a file with weights of the model is missing', {
      file: resolve(folder, location),
      path: `named by ${model}`,
      hint: 'copy it beside the model file',
      cause,
    });
  }
  const inside = relative(folder, target);
  if (inside === '' || inside === '..' || inside.startsWith(`..${sep}`) || win32.isAbsolute(inside))
    throw refuse('a link that leads out of the folder');
  return target;
}

/**
 * Reads the external data of an ONNX model, synchronously because the parser asks for it tensor by tensor.
 * Every offset and length is checked against the file before anything is allocated.
 * @param used called with each piece read, in order
 * Errors: `file-malformed` for places and ranges that may not be, `file-unreadable` for missing files.
 */
export function externalDataOf(model: string, used: (piece: Uint8Array) => void): ExternalData {
  const folder = realpathSync(dirname(resolve(model)));
  const sizes = new Map<string, number>();
  let taken = 0;
  return (location, offset, wanted) => {
    const target = resolveInside(folder, location, model);
    // The resolved path holds no links; should one appear in its place now, opening fails.
    const opened = openRegularSync(target, constants.O_NOFOLLOW ?? 0, resolve(dirname(model), location));
    try {
      const { size } = opened;
      const length = wanted ?? size - offset;
      const whole = [offset, length].every((number) => Number.isSafeInteger(number) && number >= 0);
      if (!whole || offset + length > size) {
        throw new AssayError('file-malformed', 'the model refers to weights that are not in the file', {
          file: target,
          path: `named by ${model}`,
          expected: `${length} bytes from byte ${offset} on`,
          found: `a file of ${size} bytes`,
          hint: 'check that the file was copied completely, or export the model again',
        });
      }
      sizes.set(target, size);
      taken += length;
      const there = [...sizes.values()].reduce((a, b) => a + b, 0);
      if (taken > limits.externalRepeats.value * there)
        throw new AssayError('file-malformed', 'the model reads the same weights over and over', {
          file: target,
          path: `named by ${model}`,
          expected: `at most ${limits.externalRepeats.value} ${limits.externalRepeats.of}`,
          found: `${taken} bytes wanted of ${there}`,
          hint: limits.externalRepeats.instead,
        });
      const bytes = opened.read(offset, length);
      used(bytes);
      return bytes;
    } finally {
      opened.close();
    }
  };
}
