import type { CheckpointFormat } from './checkpoint.js';

/** ONNX as it is, external data included. */
export const onnx: CheckpointFormat = {
  name: 'onnx',
  title: 'ONNX',
  extensions: ['.onnx'],
  // ModelProto opens with ir_version (field 1, varint); versions so far are below 32.
  recognises: ({ start }) => start.length >= 2 && start[0] === 0x08 && start[1]! > 0 && start[1]! < 32,
  read: async (head) => (await import('./read-onnx.js')).read(head),
};
