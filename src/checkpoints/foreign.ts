import { AssayError } from '../errors.js';
import type { FileHead, FormatRow } from './checkpoint.js';

/** Formats that are known but not read: the error explains how to get ONNX from them. */
function foreign(row: {
  title: string;
  extensions: readonly string[];
  recognises(head: FileHead): boolean;
  export: string;
}): FormatRow {
  return {
    title: row.title,
    extensions: row.extensions,
    recognises: row.recognises,
    read: async ({ file }) => {
      throw new AssayError('file-malformed', `${row.title} checkpoints are not read by this version`, {
        file,
        expected: 'an ONNX model',
        found: row.title,
        hint: row.export,
      });
    },
  };
}

const startsWith = ({ start }: FileHead, magic: readonly number[]) =>
  magic.every((byte, i) => start[i] === byte);
const isZip = (head: FileHead) => startsWith(head, [0x50, 0x4b, 0x03, 0x04]);
export const keras = foreign({
  title: 'Keras',
  extensions: ['.h5', '.hdf5', '.keras'],
  recognises: (head) =>
    startsWith(head, [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]) ||
    (isZip(head) && head.extension === '.keras'),
  export:
    "in Python: model.export('model.onnx', format='onnx') (Keras 3), or tf2onnx: python -m tf2onnx.convert --keras model.h5 --output model.onnx",
});

/** The model.json of TensorFlow.js, layers or graph. */
export const tfjs = foreign({
  title: 'TensorFlow.js',
  extensions: ['.json'],
  recognises: ({ start }) => {
    const text = Buffer.from(start).toString('utf8').trimStart();
    return text.startsWith('{') && /"(modelTopology|weightsManifest|layers-model|graph-model)"/.test(text);
  },
  export: 'python -m tf2onnx.convert --tfjs model.json --output model.onnx',
});
