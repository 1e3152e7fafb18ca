const MIB = 2 ** 20;
const GIB = 2 ** 30;

/** What a reader takes at most, and why. */
export interface Limit {
  /** What is counted, in words: `bytes of a model card or a run file`. */
  of: string;
  value: number;
  /** Why not more. */
  reason: string;
  /** What a user with a larger file does. */
  instead: string;
}

/**
 * Every limit on what is read from files. They keep small files from taking the machine: nothing is allocated by what a
 * file claims, and what it holds may only grow so far. docs/safety.md is checked against this table.
 */
export const limits = {
  configuration: {
    of: 'bytes of a run file, card, gates file or file of suites',
    value: 4 * MIB,
    reason: 'longer ones are checkpoints or data named by mistake',
    instead: 'name a model card or a run file, not a checkpoint or data',
  },
  classNames: {
    of: 'bytes of a list of class names',
    value: 4 * MIB,
    reason: 'ImageNet-21k takes 0.5 MB',
    instead: 'name a file with one class name a line',
  },
  results: {
    of: 'bytes of results.json',
    value: 512 * MIB - 24,
    reason: 'text in JavaScript ends there',
    instead: 'split the run file into several runs',
  },
  unit: {
    of: 'bytes of a stored unit',
    value: 2 * GIB - 1,
    reason: 'units hold some hundred examples; no run writes one that long',
    instead: 'remove the file: it is then measured anew',
  },
  image: {
    of: 'bytes of a PNG or JPEG',
    value: 64 * MIB,
    reason: 'an image is decoded whole, several at a time',
    instead: 'save it smaller: networks take far fewer pixels',
  },
  imagePixels: {
    of: 'pixels of an image (height x width)',
    value: 2 ** 25,
    reason: 'one decoded takes 100 MB, and as an example 400 MB; networks take some thousand times less',
    instead: 'scale it down before: networks take far fewer pixels',
  },
  annotations: {
    of: 'bytes of val_annotations.txt',
    value: 64 * MIB,
    reason: 'that of Tiny ImageNet has 0.4 MB',
    instead: 'sort the images into a subfolder per class',
  },
  pickedImage: {
    of: 'bytes of an image that a report shows',
    value: 16 * MIB,
    reason: 'it is written into the page',
    instead: 'render the report again with smaller images',
  },
  onnx: {
    of: 'bytes of an ONNX file',
    value: 2 * GIB - 1,
    reason: 'protobuf messages end there',
    instead: 'export it with its weights as external data',
  },
  keras: {
    of: 'bytes of a Keras file',
    value: 2 * GIB - 1,
    reason: 'the HDF5 library has 32-bit addresses',
    instead: 'save the model without its optimiser (include_optimizer=False), or export it as ONNX',
  },
  tfjsModel: {
    of: 'bytes of the model.json of TensorFlow.js',
    value: 64 * MIB,
    reason: 'weights lie in files beside it',
    instead: 'name the model.json that the converter wrote',
  },
} as const satisfies Record<string, Limit>;

export type LimitName = keyof typeof limits;
