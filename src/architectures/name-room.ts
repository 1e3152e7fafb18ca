import type { Stack, StackLayer } from './stack.js';

/** What stands behind a convolution, in the order that it is applied. */
export type Step = 'norm' | 'activation' | 'pool';
export type Order = readonly [Step, Step, Step];

/** Every order that is in use; the usual one first. */
export const ORDERS: readonly Order[] = [
  ['norm', 'activation', 'pool'],
  ['activation', 'norm', 'pool'],
  ['activation', 'pool', 'norm'],
  ['pool', 'norm', 'activation'],
];

/** Layers without weights that the numbers of a Sequential leave room for; undefined where they do not tell. */
export interface Room {
  /** Between a convolution and its norm. */
  before?: number;
  /** Behind the norm or, where there is none, behind the convolution. */
  behind?: number;
  /** One of those behind is the Flatten before the linear layers. */
  flattens: boolean;
}

/** `features.4` is number 4 of `features.`; `conv4` is a name of its own. */
function numberOf(key: string): { container: string; number: number } | undefined {
  const [, container, number] = /^(|.*\.)(\d{1,6})$/.exec(key) ?? [];
  return container === undefined || number === undefined ? undefined : { container, number: Number(number) };
}

function between(first: string, second: string | undefined): number | undefined {
  const [a, b] = [numberOf(first), second === undefined ? undefined : numberOf(second)];
  return a && b && a.container === b.container ? b.number - a.number - 1 : undefined;
}

/**
 * Room behind each convolution. A Sequential numbers its layers with those that have no weights: activations, pools,
 * Flatten, dropout. Without a single gap the numbers are those of a list of layers with weights, and tell nothing.
 */
export function roomsIn({ convolutions, linear }: Stack): Room[] {
  const layers: StackLayer[] = [...convolutions, ...linear];
  const rooms = convolutions.map(({ key, norm }, i): Room => {
    const next = layers[i + 1]!.key;
    const flattens = i === convolutions.length - 1;
    return norm === undefined
      ? { behind: between(key, next), flattens }
      : { before: between(key, norm), behind: between(norm, next), flattens };
  });
  const gaps = rooms.flatMap(({ before, behind }) => [before ?? 0, behind ?? 0]);
  return gaps.some((gap) => gap !== 0) ? rooms : rooms.map(({ flattens }) => ({ flattens }));
}

/**
 * Layers that remain for dropout when an activation and perhaps a pool stand behind a convolution; undefined when they
 * do not find room.
 * @param order undefined where no norm stands behind the convolution
 */
export function spareRoom(room: Room, order: Order | undefined, pooled: boolean): number | undefined {
  const needed = { before: 0, behind: room.flattens ? 1 : 0 };
  const norm = order ? order.indexOf('norm') : -1;
  for (const step of ['activation', 'pool'] as const)
    if (step === 'activation' || pooled) needed[order && order.indexOf(step) < norm ? 'before' : 'behind']++;
  let spare = 0;
  for (const side of ['before', 'behind'] as const) {
    const gap = room[side];
    if (gap === undefined) continue;
    if (gap < needed[side] || (side === 'before' && needed.before === 0 && gap > 0)) return undefined;
    spare += gap - needed[side];
  }
  return spare;
}
