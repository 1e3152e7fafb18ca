import { type Static, Type } from '../../config/type.js';
import { Remote } from '../../fetch/remote.js';

const closed = { additionalProperties: false };

const perChannel = (description: string) =>
  Type.Union([Type.Number(), Type.Array(Type.Number(), { minItems: 1 })], { description });

const Input = Type.Object(
  {
    shape: Type.Array(Type.Integer({ minimum: 1, maximum: 65536 }), {
      minItems: 1,
      maxItems: 3,
      description:
        'Channels, height and width of one image, in this order whatever the layout. For a network that reads a row of numbers, their number: [784]; images with as many numbers are flattened for it.',
    }),
    range: Type.Optional(
      Type.Array(Type.Number(), {
        minItems: 2,
        maxItems: 2,
        description:
          'The interval the network expects pixels in: [-1, 1], [0, 255]. Default: [0, 1]. Not together with mean and std.',
      }),
    ),
    mean: Type.Optional(
      perChannel(
        'Subtracted from pixels in [0, 1], before dividing by std: a number, or one a channel. Default: 0.',
      ),
    ),
    std: Type.Optional(
      perChannel('What pixels in [0, 1] are divided by after subtracting mean. Default: 1.'),
    ),
    layout: Type.Optional(
      Type.Union([Type.Literal('NCHW'), Type.Literal('NHWC')], {
        description: 'The order of axes the graph itself wants. Default: NCHW.',
      }),
    ),
    name: Type.Optional(
      Type.String({
        minLength: 1,
        description: 'Name of the graph input for the image. Default: the only one.',
      }),
    ),
  },
  { ...closed, description: 'What the network expects as its input.' },
);

/** How log p(x) follows from the outputs. */
const Energy = Type.Union(
  [
    Type.Literal('logsumexp'),
    Type.Literal('none'),
    Type.Object(
      {
        output: Type.String({
          minLength: 1,
          description: 'Graph output (or inner value) with one number per image.',
        }),
        sign: Type.Optional(
          Type.Union([Type.Literal(-1), Type.Literal(1)], {
            description: 'log p(x) = sign * output: -1 for an energy (the default), 1 for a log density.',
          }),
        ),
      },
      closed,
    ),
  ],
  {
    description:
      'How log p(x) is defined, up to a constant: `logsumexp` of the logits (the default of classifiers), `{ output, sign }` of a scalar output, or `none`.',
  },
);

/** A model card: how to use a checkpoint. Paths in it start at the card's own folder. */
export const ModelCard = Type.Object(
  {
    name: Type.String({
      pattern: '^[A-Za-z0-9][A-Za-z0-9._-]*$',
      maxLength: 100,
      description: 'What reports call the model. Letters, digits, dots, dashes and underscores.',
    }),
    checkpoint: Type.Union([Type.String({ minLength: 1 }), Remote], {
      description:
        'The file with the weights: a path, or `{ url, sha256 }` for one that is fetched. For a format of several files, name an archive and the `path` in it.',
    }),
    format: Type.Optional(
      Type.String({
        minLength: 1,
        description: 'Format of the checkpoint. Default: recognised from the file.',
      }),
    ),
    architecture: Type.Optional(
      Type.Object(
        { name: Type.String({ minLength: 1 }) },
        {
          additionalProperties: true,
          description:
            'The network that a file of weights (PyTorch, safetensors) belongs to. Its other keys depend on its name. Default: recognised from the weights.',
        },
      ),
    ),
    input: Input,
    classes: Type.Optional(
      Type.Union(
        [
          Type.Integer({ minimum: 2, maximum: 1_000_000 }),
          Type.Array(Type.String({ minLength: 1 }), { minItems: 2, uniqueItems: true }),
        ],
        {
          description:
            'Class names in the order of the logits, or how many there are. Left out by a pure energy model.',
        },
      ),
    ),
    outputs: Type.Optional(
      Type.Object(
        {
          logits: Type.Optional(
            Type.String({
              minLength: 1,
              description:
                'Graph output, or value inside the graph, that holds the logits. Default: the only sensible output.',
            }),
          ),
          features: Type.Optional(
            Type.String({
              minLength: 1,
              description:
                'Value inside the graph that holds the penultimate features, which some OOD scores read. Default: the input of the last linear layer.',
            }),
          ),
        },
        { ...closed, description: 'Names inside the graph.' },
      ),
    ),
    energy: Type.Optional(Energy),
    softmaxOutput: Type.Optional(
      Type.Boolean({
        description:
          'States that the output holds probabilities on purpose: their logarithm is used as logits, and log p(x) is then not defined.',
      }),
    ),
    expect: Type.Optional(
      Type.Object(
        {
          accuracy: Type.Number({
            minimum: 0,
            maximum: 1,
            description: 'Clean accuracy that the model is known to reach.',
          }),
          on: Type.Optional(
            Type.String({
              minLength: 1,
              description: 'Name of the data set in the run file. Default: the first test set.',
            }),
          ),
          tolerance: Type.Optional(
            Type.Number({
              minimum: 0,
              maximum: 1,
              description: 'How far the measured accuracy may be from it. Default: 0.01.',
            }),
          ),
        },
        { ...closed, description: 'Checked before anything is attacked.' },
      ),
    ),
    sha256: Type.Optional(
      Type.String({
        pattern: '^[0-9a-fA-F]{64}$',
        description: 'Hash of the checkpoint; checked when given.',
      }),
    ),
    batchSize: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 65536,
        description: 'Images per engine call. Default: chosen by the size of the activations.',
      }),
    ),
  },
  { ...closed, title: 'Model card', description: 'How to use a checkpoint.' },
);
export type ModelCard = Static<typeof ModelCard>;

/** The number of classes; 0 for a model that does not classify. */
export function classCount({ classes }: Pick<ModelCard, 'classes'>): number {
  return typeof classes === 'number' ? classes : (classes?.length ?? 0);
}

/** Class names; numbers where the card gives only a count. */
export function classNames({ classes }: Pick<ModelCard, 'classes'>): string[] {
  return typeof classes === 'number' ? Array.from({ length: classes }, (_, i) => String(i)) : (classes ?? []);
}
