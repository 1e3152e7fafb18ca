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
/** Opcode PROTO and a protocol number. */
const isPickle = ({ start }: FileHead) => start[0] === 0x80 && start[1] >= 2 && start[1] <= 5;
const torchExport =
  "in Python, with the model in eval mode: torch.onnx.export(model, torch.rand(1, 3, 32, 32), 'model.onnx', dynamo=False, input_names=['x'], output_names=['logits'], dynamic_axes={'x': {0: 'N'}, 'logits': {0: 'N'}})";

/** Zip archives and pickles, as torch.save writes them. */
export const pytorch = foreign({
  title: 'PyTorch',
  extensions: ['.pt', '.pth', '.ckpt', '.bin'],
  recognises: (head) => (isZip(head) && head.extension !== '.keras') || isPickle(head),
  export: torchExport,
});

/** An eight-byte length, then a JSON header of that length. */
export const safetensors = foreign({
  title: 'safetensors',
  extensions: ['.safetensors'],
  recognises: ({ start, size }) =>
    start.length > 9 &&
    start[8] === 0x7b &&
    new DataView(start.buffer, start.byteOffset).getBigUint64(0, true) <= BigInt(size - 8),
  export: `load the weights into the model, then ${torchExport}`,
});
