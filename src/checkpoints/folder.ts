import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AssayError } from '../errors.js';

/** What a folder can be, by a file in it, with how its network becomes a checkpoint. */
interface Kind {
  has: RegExp;
  what: string;
  hint(folder: string, file: string): string;
}

const quoted = (path: string) => (/^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`);
const name = (folder: string, file: string) => `name the file itself: checkpoint: ${join(folder, file)}`;

const kinds: readonly Kind[] = [
  {
    has: /^saved_model\.pb(txt)?$/,
    what: 'a SavedModel of TensorFlow',
    hint: (folder) =>
      `convert it: python -m tf2onnx.convert --saved-model ${quoted(folder)} --output model.onnx, or tensorflowjs_converter --input_format=tf_saved_model ${quoted(folder)} tfjs; from Keras, model.save("model.keras")`,
  },
  { has: /^model\.json$/, what: 'a model of TensorFlow.js', hint: name },
  { has: /\.(onnx|safetensors|keras|h5|pt|pth|ckpt)$/i, what: 'a folder with a checkpoint', hint: name },
  {
    has: /^(checkpoint|.*\.ckpt.*\.index)$/,
    what: 'a checkpoint of TensorFlow: numbers without a network',
    hint: () => 'build the model in Python, restore the checkpoint into it, and model.save("model.keras")',
  },
];

/**
 * Refuses a folder where a checkpoint is wanted, by what it holds. What is not there, or is a file, passes.
 * Errors: `file-unreadable`.
 */
export async function refuseFolder(folder: string): Promise<void> {
  const stats = await stat(folder).catch(() => undefined);
  if (!stats?.isDirectory()) return;
  const files = (await readdir(folder).catch(() => [])).sort();
  const kind = kinds.find(({ has }) => files.some((file) => has.test(file)));
  const shown = files.slice(0, 6).join(', ');
  throw new AssayError('file-unreadable', 'the checkpoint is a folder, and a file is wanted', {
    file: folder,
    expected: 'one file: ONNX, PyTorch, safetensors, .keras, .h5, or the model.json of TensorFlow.js',
    found: `${kind?.what ?? 'a folder'}${files.length > 0 ? ` (${shown}${files.length > 6 ? ', ...' : ''})` : ', empty'}`,
    hint: kind
      ? kind.hint(folder, files.find((file) => kind.has.test(file)) ?? '')
      : 'name a file of one of these formats, or export the model as ONNX',
  });
}
