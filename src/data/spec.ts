import { type Static, Type } from '../config/type.js';

const closed = { additionalProperties: false };

const count = (description: string) => Type.Optional(Type.Integer({ minimum: 1, description }));

/** A data set in a run file, in a format of whatever name. Paths in it start at the run file's own folder. */
export const DatasetSpec = Type.Object(
  {
    path: Type.String({
      minLength: 1,
      description:
        'A file, or a folder of images, CIFAR batches or tar shards; shards also as `shard-{000..099}.tar`. With a `url`, which is then that of an archive: what to read in it, `.` for all of it.',
    }),
    format: Type.Optional(
      Type.String({ description: 'How the data is stored. Default: recognised from the file.' }),
    ),
    role: Type.Optional(
      Type.Union(
        [
          Type.Literal('test'),
          Type.Literal('validation'),
          Type.Literal('train'),
          Type.Literal('ood'),
          Type.Literal('validation-ood'),
        ],
        {
          description:
            '`test` (the default) is evaluated, `validation` fits temperatures and thresholds, `train` is what scores of features are fitted to, `ood` is what should be rejected. `validation-ood` is what options of OOD scores are chosen on (`tune`), beside a `validation` set; it is never reported.',
        },
      ),
    ),
    distance: Type.Optional(
      Type.Union([Type.Literal('near'), Type.Literal('far')], {
        description: 'For OOD sets: how far from the training distribution they are.',
      }),
    ),
    shift: Type.Optional(
      Type.Literal('covariate', {
        description:
          'For test sets: the same classes in other conditions, such as corrupted images. `ood` counts them as in-distribution in its full-spectrum measures.',
      }),
    ),
    images: Type.Optional(
      Type.String({
        minLength: 1,
        description:
          'npz and pytorch: name of the array with the images; webdataset: extension of their members.',
      }),
    ),
    labels: Type.Optional(
      Type.Union([Type.String({ minLength: 1 }), Type.Literal(false)], {
        description:
          'npz and pytorch: name of the array with the labels; npy and idx: the file with them; webdataset: extension of their members, or `json.FIELD`; cifar-100: `fine` (the default) or `coarse`; false: ignore labels.',
      }),
    ),
    split: Type.Optional(
      Type.Union([Type.Literal('test'), Type.Literal('train')], {
        description: 'Folders of CIFAR batches: which part. Default: test.',
      }),
    ),
    layout: Type.Optional(
      Type.Union([Type.Literal('NCHW'), Type.Literal('NHWC')], {
        description: 'Order of axes; needed only where the shape does not tell.',
      }),
    ),
    range: Type.Optional(
      Type.Array(Type.Number(), {
        minItems: 2,
        maxItems: 2,
        description:
          'The values that stand for black and white: [-1, 1], [0, 255]. Default: [0, 255] for bytes, [0, 1] for floats.',
      }),
    ),
    resize: Type.Optional(
      Type.Union(
        [
          Type.Array(Type.Integer({ minimum: 1, maximum: 16384 }), { minItems: 2, maxItems: 2 }),
          Type.Integer({ minimum: 1, maximum: 16384 }),
        ],
        {
          description:
            "Folders and shards: scale every image to [height, width]; a single number is the length of the shorter side, and proportions are kept, as torchvision's Resize does.",
        },
      ),
    ),
    channels: Type.Optional(
      Type.Union([Type.Literal(1), Type.Literal(3)], {
        description: 'Folders and shards: convert every image to grey (1) or RGB (3). Default: as they are.',
      }),
    ),
    followLinks: Type.Optional(
      Type.Boolean({
        description:
          'Folders: read what symbolic links that lead out of the folder point to; of shards, what any link does. Default: false.',
      }),
    ),
    severity: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 5,
        description:
          'Files of CIFAR-10-C: which fifth of the examples, 1 (weak) to 5. Default: all. imagenet-c: which folder.',
      }),
    ),
    offset: Type.Optional(Type.Integer({ minimum: 0, description: 'Skip the first n examples.' })),
    sample: Type.Optional(
      Type.Object(
        {
          n: Type.Integer({ minimum: 1, description: 'How many examples.' }),
          seed: Type.Optional(
            Type.Integer({
              minimum: 0,
              maximum: 0xffffffff,
              description: 'Another seed, another sample. Default: 0.',
            }),
          ),
          stratified: Type.Optional(
            Type.Boolean({
              description: 'Keep the proportions of the classes. Default: true where there are labels.',
            }),
          ),
        },
        {
          ...closed,
          description: 'Draw examples at random, after `offset`. A smaller n gives a subset of a larger one.',
        },
      ),
    ),
    limit: count('Use at most n examples: the first, or of a `sample` its first draws.'),
  },
  { ...closed, title: 'Data set', description: 'Where examples come from, and which.' },
);
export type DatasetSpec = Static<typeof DatasetSpec>;

/** As a run file has it: with a path, or with a `url` and a `sha256`. */
export type DatasetEntry = Omit<DatasetSpec, 'path'> & { path?: string; url?: string; sha256?: string };
