import { type Static, Type } from '../config/type.js';
import { ActivationName } from './activations.js';
import { ORDERS, type Order } from './name-room.js';
import type { Given, Plan } from './plain-plans.js';

const SOLVED = 'Default: what the sizes of the layers and the numbers in their names allow.';

const each = (what: string, minimum: number, maximum: number) =>
  Type.Optional(
    Type.Union([Type.Integer({ minimum, maximum }), Type.Array(Type.Integer({ minimum, maximum }))], {
      description: what,
    }),
  );

/** The card's keys of a plain convolutional network. */
export const CnnOptions = Type.Object(
  {
    activation: Type.Optional(ActivationName),
    stride: each(`Of every convolution, or of each. ${SOLVED}`, 1, 64),
    padding: each(`Of every convolution, or of each. ${SOLVED}`, 0, 64),
    pool: Type.Optional(
      Type.Union([Type.Literal('max'), Type.Literal('average')], {
        description: 'Kind of the pools. Default: max.',
      }),
    ),
    poolAfter: Type.Optional(
      Type.Array(Type.Integer({ minimum: 1 }), {
        uniqueItems: true,
        description: `Convolutions, counted from 1, that a pool follows. ${SOLVED}`,
      }),
    ),
    poolKernel: each('Side of the window of every pool, or of each. Default: 2.', 1, 64),
    poolStride: each('Of every pool, or of each. Default: its kernel.', 1, 64),
    poolPadding: each('Of every pool, or of each. Default: 0.', 0, 32),
    globalPool: Type.Optional(
      Type.Boolean({
        description: 'The linear layers read the mean of every channel over the image. Default: false.',
      }),
    ),
    order: Type.Optional(
      Type.Array(Type.Union((['norm', 'activation', 'pool'] as const).map((step) => Type.Literal(step))), {
        minItems: 3,
        maxItems: 3,
        uniqueItems: true,
        description: `What stands behind a layer, in order. Default: \`[${ORDERS[0]!.join(', ')}]\`, unless the numbers in names tell.`,
      }),
    ),
  },
  { additionalProperties: false },
);
export type CnnOptions = Static<typeof CnnOptions>;

const spread = (given: number | number[] | undefined, n: number): readonly number[] | undefined =>
  typeof given === 'number' ? Array<number>(n).fill(given) : given;

/** The card's keys, layer by layer. Undefined when a list has not one entry a layer. */
export function givenIn(options: CnnOptions, layers: number): Given | undefined {
  const { poolAfter, globalPool, order } = options;
  const pools = poolAfter?.length ?? layers;
  const stride = spread(options.stride, layers);
  const padding = spread(options.padding, layers);
  const windows = [options.poolKernel, options.poolStride, options.poolPadding].map((w) => spread(w, pools));
  const lists: [readonly unknown[] | undefined, number][] = [
    [stride, layers],
    [padding, layers],
    ...windows.map((w): [readonly unknown[] | undefined, number] => [w, pools]),
  ];
  if (lists.some(([list, n]) => list !== undefined && list.length !== n)) return undefined;
  const places = Array.from({ length: layers }, (_, i) => (poolAfter ? poolAfter.indexOf(i + 1) : i));
  return {
    stride,
    padding,
    pooled: poolAfter && places.map((at) => at >= 0),
    window: places.map((at) => {
      const [kernel, poolStride, poolPadding] = windows.map((w) => w?.[at]);
      return { kernel, stride: poolStride, padding: poolPadding };
    }),
    globalPool,
    order: order as unknown as Order | undefined,
  };
}

/** A plan as a card says it; what is usual is left out. */
export function optionsOf({ stride, padding, pools, globalPool, order }: Plan): Record<string, unknown> {
  const windows = pools.filter((pool) => pool !== undefined);
  return {
    stride,
    padding,
    poolAfter: pools.flatMap((pool, i) => (pool ? [i + 1] : [])),
    ...(windows.some(({ kernel, stride: s, padding: p }) => kernel !== 2 || s !== 2 || p !== 0) && {
      poolKernel: windows.map(({ kernel }) => kernel),
      poolStride: windows.map(({ stride: s }) => s),
      poolPadding: windows.map(({ padding: p }) => p),
    }),
    ...(globalPool && { globalPool }),
    ...(order !== ORDERS[0] && { order }),
  };
}
