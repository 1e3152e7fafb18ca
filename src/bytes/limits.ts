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
 * file claims, and what it holds may only grow so far. docs/limits.md is written from this table.
 */
export const limits = {
  configuration: {
    of: 'bytes of a run file, card, gates file or file of suites',
    value: 4 * MIB,
    reason: 'longer files are checkpoints or data named by mistake',
    instead: 'name a model card or a run file, not a checkpoint or data',
  },
  classNames: {
    of: 'bytes of a list of class names',
    value: 4 * MIB,
    reason: 'ImageNet-21k takes 0.5 MB',
    instead: 'name a file with one class name per line',
  },
  results: {
    of: 'bytes of results.json',
    value: 512 * MIB - 24,
    reason: 'JavaScript cannot hold longer text',
    instead: 'split the run file into several runs',
  },
  unit: {
    of: 'bytes of a stored unit',
    value: 2 * GIB - 1,
    reason: 'units hold a few hundred examples; no run writes one that long',
    instead: 'remove the file: its examples are then measured again',
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
    reason: 'one decoded takes 100 MB, and `resize` makes a smaller example of it',
    instead: 'scale it down first: networks take far fewer pixels',
  },
  examplePixels: {
    of: 'pixels of an image that becomes an example as it is, or by `resize` (height x width)',
    value: 2 ** 22,
    reason:
      'as floats one takes 50 MB, and eight are decoded at a time; networks take some hundred times fewer',
    instead: 'scale all images with `resize: [height, width]` to the size that the network takes',
  },
  examples: {
    of: 'examples of a data set',
    value: 2 ** 26,
    reason: 'the position and label of each are held in memory; ImageNet-21k has 14 million',
    instead: 'save the ones you want in a separate file',
  },
  example: {
    of: 'numbers of an image in an array (channels x height x width)',
    value: 2 ** 25,
    reason: 'as floats they take 128 MB, and batches hold several; networks take some hundred times fewer',
    instead: 'save the images smaller, at the size that the network takes',
  },
  predictionRow: {
    of: 'numbers in a row of predictions',
    value: 2 ** 20,
    reason: 'rows are read whole; ImageNet-21k has 21,841 classes',
    instead: 'save a row for every example, with a number for every class',
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
    reason: 'protobuf messages cannot be longer',
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
  networkImage: {
    of: 'numbers of an image as a network takes it (channels x height x width)',
    value: 2 ** 25,
    reason: 'they take 128 MB, and batches hold several; networks take some hundred times fewer',
    instead: 'state the size that the network takes',
  },
  declaredTensor: {
    of: 'numbers in a tensor whose size a network declares',
    value: 2 ** 28,
    reason: 'they take a gigabyte; no value in a network for images comes near',
    instead: 'export the network again without that tensor',
  },
  declaredRounds: {
    of: 'rounds that a loop in a network declares',
    value: 1e6,
    reason: 'networks repeat a layer some hundred times',
    instead: 'export the network again with fewer rounds',
  },
  foldedConstant: {
    of: 'bytes of a constant that is computed once, beyond the size of the network',
    value: 64 * MIB,
    reason: '31 kB can describe gigabytes; a larger one is computed in every call',
    instead: 'export the network with its constants folded',
  },
  trialSeconds: {
    of: 'seconds of a call while a network is tried',
    value: 60,
    reason: 'folding a gigabyte takes ten on one busy core',
    instead:
      'raise it with `--time-limit SECONDS`, or `limits: { seconds: SECONDS }` in the run file, if you trust the checkpoint',
  },
  trialMemory: {
    of: 'MiB that a network takes while it is tried, beyond four times its weights',
    value: 2048,
    reason: 'a batch that is fixed at 128 photographs takes a thousand',
    instead:
      'raise it with `--memory-limit MIB`, or `limits: { mebibytes: MIB }` in the run file, if you trust the checkpoint',
  },
  configurationTokens: {
    of: 'words, signs and line ends of a configuration',
    value: 500_000,
    reason: 'each takes about a kilobyte when parsed; a list of 21,000 classes has 90,000',
    instead: 'keep data out of the file',
  },
  nesting: {
    of: 'lists and mappings inside each other, in YAML and JSON',
    value: 200,
    reason: 'each level takes memory and stack; Keras models nest some dozens',
    instead: 'check that the file was written completely: brackets are left open',
  },
  externalRepeats: {
    of: 'times that the weights beside a model are read over, in all',
    value: 4,
    reason: 'tied weights name a range twice; hundreds of tensors in one range would fill the memory',
    instead: 'export the model again, with every weight stored once',
  },
  vnnlib: {
    of: 'bytes of a VNN-LIB property, when inflated',
    value: 64 * MIB,
    reason: 'it is held as text, and its conditions take more; a box of 150,528 inputs has 20 MB',
    instead: 'split the property into several',
  },
  vnnlibWords: {
    of: 'words and brackets of a statement of a VNN-LIB property',
    value: 2 ** 22,
    reason: 'each takes some dozen bytes in memory; a box of 150,528 inputs has 1,505,280',
    instead: 'write a box, and conditions that hold together, as assertions of their own',
  },
  vnnlibCases: {
    of: 'alternatives of a VNN-LIB property, with `or` and `and` multiplied out',
    value: 100_000,
    reason: 'each is attacked and bounded by itself; a thousand classes have 999',
    instead: 'split the property into several',
  },
  vnnlibAtoms: {
    of: 'conditions in all alternatives of a VNN-LIB property together',
    value: 2 ** 24,
    reason: 'they are held in memory; a box does not count, where all alternatives share it',
    instead: 'split the property into several',
  },
  vnnlibNumbers: {
    of: 'inputs of the alternatives of a VNN-LIB property that have a box of their own',
    value: 2 ** 25,
    reason: 'their ends take 512 MB',
    instead: 'split the property into several',
  },
  verified: {
    of: 'bytes of a kept result of `assay verify`',
    value: 512 * MIB - 24,
    reason: 'JavaScript cannot hold longer text; a counterexample of 150,528 inputs has 0.8 MB',
    instead: 'remove the file: its instance is then run again',
  },
  instances: {
    of: 'bytes of a list of instances',
    value: 16 * MIB,
    reason: 'the largest categories have some thousand lines',
    instead: 'name the CSV of a category: network, property, seconds',
  },
  graphNodes: {
    of: 'nodes, initialisers and other parts of an ONNX graph',
    value: 200_000,
    reason: 'each takes kilobytes in memory; the largest exports of image models have some ten thousand',
    instead: 'export the model without unrolled loops',
  },
  inflated: {
    of: 'bytes of a compressed member of an archive, or of a gzipped file, when inflated',
    value: 8 * GIB,
    reason: 'it goes to a temporary file; a few kilobytes could fill the disk',
    instead: 'store it without compression: it is then read where it lies',
  },
  torchMembers: {
    of: 'members of a PyTorch archive',
    value: 50_000,
    reason: 'a storage is a member: far more than any network has tensors',
    instead: 'save only the weights: torch.save(model.state_dict(), FILE)',
  },
  pickle: {
    of: 'bytes of the pickle in a PyTorch archive',
    value: 64 * MIB,
    reason: 'it holds names and shapes; numbers are in members of their own',
    instead: 'save only the weights: torch.save(model.state_dict(), FILE)',
  },
  pickleSteps: {
    of: 'operations of a pickle',
    value: 1_000_000,
    reason: 'each may make an object; a network takes some dozens for a tensor',
    instead: 'save only the weights: torch.save(model.state_dict(), FILE)',
  },
  safetensorsHeader: {
    of: 'bytes of the header of a safetensors file',
    value: 8 * MIB,
    reason: 'about 80,000 tensors; parsed JSON takes many times the memory of its text',
    instead: 'save only the weights of the network',
  },
  hdf5Objects: {
    of: 'groups and data sets of an HDF5 file',
    value: 100_000,
    reason: 'a layer takes a handful',
    instead: 'save the model without its optimiser (include_optimizer=False)',
  },
  shards: {
    of: 'tar shards of a WebDataset',
    value: 100_000,
    reason: 'each is opened once to be listed',
    instead: 'name some of the shards: shard-{000000..000099}.tar',
  },
  compressedShards: {
    of: 'compressed tar shards of a WebDataset',
    value: 200,
    reason: 'each is inflated into a temporary file, which stays open',
    instead: 'decompress them (gunzip shard-*.tar.gz): images are compressed already',
  },
  exampleJson: {
    of: 'bytes of a .json member of a WebDataset',
    value: MIB,
    reason: 'it is parsed whole, one for every example',
    instead: 'take labels from .cls members, or leave other data out of the .json',
  },
  fetched: {
    of: 'bytes of a file that a card or run file names by its address',
    value: 64 * GIB,
    reason: "a server can send for ever; ImageNet's validation images have 6.7 GB",
    instead: 'fetch it yourself, and name the file with a path',
  },
  unpacked: {
    of: 'bytes of all files in an archive that a card or run file names by its address',
    value: 64 * GIB,
    reason: 'a few kilobytes could inflate to fill the disk',
    instead: 'unpack it yourself, and name the folder with a path',
  },
  pullRecord: {
    of: 'bytes of the pulled.json beside a data set',
    value: 16 * MIB,
    reason: 'it has a line for every file; the largest set has some ten thousand',
    instead: 'remove the folder and pull the data set again',
  },
  unpackedRecord: {
    of: 'bytes of the list of files of an archive that was fetched and unpacked',
    value: 256 * MIB,
    reason: 'a million files, each with its path and hash, come to that',
    instead: 'remove the folder of that archive from the folder of downloads',
  },
  tarHeader: {
    of: 'bytes of the name or the properties of a member of a tar archive',
    value: MIB,
    reason: 'they are held in memory; paths have some dozens',
    instead: 'write the archive again, without extended attributes',
  },
  kerasMembers: {
    of: 'members of a .keras archive',
    value: 10_000,
    reason: 'Keras writes three; the others are assets',
    instead: 'save the whole model again: model.save("model.keras")',
  },
} as const satisfies Record<string, Limit>;

export type LimitName = keyof typeof limits;
