import { ORDERS, type Order, type Room, roomsIn, spareRoom } from './name-room.js';
import type { Stack } from './stack.js';

/** A window that moves over planes. */
export interface Window {
  kernel: number;
  stride: number;
  padding: number;
}

/** What the weights of a plain convolutional network do not tell, and its sizes only restrict. */
export interface Plan {
  /** Of every convolution. */
  stride: number[];
  padding: number[];
  /** The pool behind every convolution. */
  pools: (Window | undefined)[];
  /** Means over what is left of the image, before the linear layers. */
  globalPool: boolean;
  order: Order;
}

/** What the card says of a plan; each key for every layer, or undefined. */
export interface Given {
  stride?: readonly number[];
  padding?: readonly number[];
  /** Whether a pool stands behind each convolution. */
  pooled?: readonly boolean[];
  /** Of each pool behind a convolution. */
  window?: readonly (Partial<Window> | undefined)[];
  globalPool?: boolean;
  order?: Order;
}

/** All plans that fit; the most usual first, at most `SHOWN` of them. */
export interface Plans {
  list: Plan[];
  total: number;
}

const SHOWN = 24;

type Side = readonly [height: number, width: number];

/** The last layer of a beginning of a plan, and what is before it. */
interface Link {
  cost: number;
  choice: Choice;
  before: Link | undefined;
}

/** Beginnings of plans that end in planes of one size. */
interface Partway {
  side: Side;
  total: number;
  /** The most usual; an undefined link is the image itself. */
  best: (Link | undefined)[];
}

interface Choice {
  stride: number;
  padding: number;
  pool: Window | undefined;
  cost: number;
}

const POOLS: readonly (Window & { cost: number })[] = [
  { kernel: 2, stride: 2, padding: 0, cost: 0 },
  { kernel: 3, stride: 2, padding: 0, cost: 1 },
  { kernel: 3, stride: 2, padding: 1, cost: 1 },
  { kernel: 3, stride: 3, padding: 0, cost: 2 },
];

const after = ([height, width]: Side, { kernel, stride, padding }: Window): Side => [
  Math.floor((height + 2 * padding - kernel) / stride) + 1,
  Math.floor((width + 2 * padding - kernel) / stride) + 1,
];

/** Only the first layer of a network takes steps of more than 2, or pads so that every position sees a pixel. */
function windowsOf(kernel: number, first: boolean, given: Given, i: number): (Window & { cost: number })[] {
  const half = Math.floor((kernel - 1) / 2);
  const strides = (first ? [1, 2, 3, 4] : [1, 2]).filter((stride) => stride <= kernel);
  const paddings = [...new Set([0, half, Math.floor(kernel / 2), ...(first ? [kernel - 1] : [])])];
  return (given.stride ? [given.stride[i]!] : strides).flatMap((stride) =>
    (given.padding ? [given.padding[i]!] : paddings).map((padding) => ({
      kernel,
      stride,
      padding,
      cost: (stride > 2 ? 2 : 0) + (padding === 0 || padding === half ? 0 : 2),
    })),
  );
}

function poolsOf(given: Given, i: number): (undefined | (Window & { cost: number }))[] {
  const said = given.window?.[i] ?? {};
  if (given.pooled?.[i] === false) return [undefined];
  if (given.pooled?.[i]) {
    const kernel = said.kernel ?? 2;
    return [{ kernel, stride: said.stride ?? kernel, padding: said.padding ?? 0, cost: 0 }];
  }
  return [
    undefined,
    ...POOLS.filter(({ kernel, stride, padding }) =>
      [said.kernel ?? kernel, said.stride ?? stride, said.padding ?? padding].every(
        (setting, at) => setting === [kernel, stride, padding][at],
      ),
    ),
  ];
}

function choicesAt(
  stack: Stack,
  i: number,
  side: Side,
  given: Given,
  room: Room,
  order: Order,
): (Choice & { to: Side })[] {
  const { dims, norm } = stack.convolutions[i]!;
  return windowsOf(dims[2]!, i === 0, given, i).flatMap((window) => {
    const made = after(side, window);
    if (!(made[0] > 0 && made[1] > 0)) return [];
    // A step that does not divide the image leaves pixels at its edge unseen.
    const rough = window.stride > 1 && made[0] * window.stride !== side[0] ? 1 : 0;
    return poolsOf(given, i).flatMap((pool) => {
      const spare = spareRoom(room, norm === undefined ? undefined : order, pool !== undefined);
      const to = pool ? after(made, pool) : made;
      if (spare === undefined || !(to[0] > 0 && to[1] > 0)) return [];
      const odd = pool && made[0] % pool.stride !== 0 ? 1 : 0;
      const { stride, padding } = window;
      const plain = pool && { kernel: pool.kernel, stride: pool.stride, padding: pool.padding };
      return [
        { stride, padding, pool: plain, to, cost: window.cost + rough + odd + (pool?.cost ?? 0) + spare },
      ];
    });
  });
}

/** Networks rarely treat like layers differently, or shrink planes in two ways. */
function unevenness({ stride, padding, pools }: Plan, stack: Stack): number {
  const kernels = stack.convolutions.map(({ dims }) => dims[2]);
  const kinds = new Set(kernels.map((kernel, i) => [kernel, stride[i], padding[i]].join()));
  const windows = new Set(pools.flatMap((pool) => (pool ? [JSON.stringify(pool)] : [])));
  const mixed = stride.some((s) => s > 1) && windows.size > 0 ? 1 : 0;
  return 1.5 * (kinds.size - new Set(kernels).size + Math.max(0, windows.size - 1)) + mixed;
}

/** Beginnings that are kept of those that end alike. */
const KEPT = 2 * SHOWN;

/** Layer by layer, joining what ends in planes of the same size: their number stays small though plans are many. */
function ended(stack: Stack, image: Side, given: Given, rooms: readonly Room[], order: Order): Partway[] {
  let level: Partway[] = [{ side: image, total: 1, best: [undefined] }];
  stack.convolutions.forEach((_, i) => {
    const next = new Map<string, Partway>();
    for (const { side, total, best } of level)
      for (const { to, ...choice } of choicesAt(stack, i, side, given, rooms[i]!, order)) {
        const reached = next.get(to.join()) ?? { side: to, total: 0, best: [] };
        next.set(to.join(), reached);
        reached.total += total;
        for (const before of best)
          reached.best.push({ cost: (before?.cost ?? 0) + choice.cost, choice, before });
      }
    level = [...next.values()];
    for (const one of level)
      one.best = one.best.sort((a, b) => (a?.cost ?? 0) - (b?.cost ?? 0)).slice(0, KEPT);
  });
  return level;
}

function planOf(last: Link | undefined, globalPool: boolean, order: Order): Plan {
  const choices: Choice[] = [];
  for (let link = last; link; link = link.before) choices.unshift(link.choice);
  const pools = choices.map(({ pool }) => pool);
  return {
    stride: choices.map(({ stride }) => stride),
    padding: choices.map(({ padding }) => padding),
    pools,
    globalPool,
    order: plainest(order, pools),
  };
}

/** Numbers that the first linear layer reads for each plane of the last convolution; not whole where they do not fit. */
export const areaOf = ({ convolutions, linear }: Stack): number =>
  linear[0]!.dims[1]! / (convolutions.at(-1)?.dims[0] ?? Number.NaN);

/** Without norms there is nothing to order but pools, which commute with what is usual. */
function ordersOf(stack: Stack, given: Given, rooms: readonly Room[]): readonly Order[] {
  if (given.order) return [given.order];
  const told = stack.convolutions.some(({ norm }, i) => norm !== undefined && rooms[i]!.before !== undefined);
  return told ? ORDERS : [ORDERS[0]!];
}

/**
 * Strides, paddings and pools with which the convolutions make of an image what the first linear layer reads, and for
 * which the numbers in the names leave room. Looked among: strides up to 2 (4 in the first layer), padding of 0, half
 * the kernel or (in the first layer) all but one of it, pools of 2 and 3; and whatever the card says.
 */
export function plansFor(stack: Stack, image: Side, given: Given): Plans {
  const rooms = roomsIn(stack);
  const area = areaOf(stack);
  const cheapest = new Map<string, { cost: number; plan: Plan }>();
  let total = 0;
  for (const order of ordersOf(stack, given, rooms))
    for (const { side, total: ways, best } of ended(stack, image, given, rooms, order)) {
      const pixels = side[0] * side[1];
      const globalPool = area === 1 && pixels > 1;
      if ((pixels !== area && !globalPool) || (given.globalPool ?? globalPool) !== globalPool) continue;
      total += ways;
      for (const last of best) {
        const plan = planOf(last, globalPool, order);
        const known = JSON.stringify(plan);
        if (!cheapest.has(known))
          cheapest.set(known, { cost: (last?.cost ?? 0) + unevenness(plan, stack), plan });
      }
    }
  const list = [...cheapest.values()].sort((a, b) => a.cost - b.cost).map(({ plan }) => plan);
  return { list: list.slice(0, SHOWN), total: list.length < SHOWN ? list.length : total };
}

/** Where nothing is pooled, orders that differ in the place of the pool are the same. */
function plainest(order: Order, pools: Plan['pools']): Order {
  if (pools.some(Boolean)) return order;
  return order.indexOf('norm') < order.indexOf('activation') ? ORDERS[0]! : ORDERS[1]!;
}
