import { type Static, Type } from '../../config/type.js';
import type { Stream } from '../../random/stream.js';
import { colourFor } from '../corruptions/imaging/planes.js';
import { plasmaOver } from '../corruptions/imaging/plasma.js';
import type { Generator } from './derivation.js';

/** How far a place is from one colour to the other, from 0 to 1; places count in sides of the image. */
type Pattern = (x: number, y: number) => number;

/** Every kind of texture draws its own pattern. @param side of the image in pixels */
const KINDS = {
  stripes(draws: Stream): Pattern {
    const { along, across } = turned(draws);
    const [waves, phase] = [3 + 9 * draws.uniform(), draws.uniform()];
    const bend = 0.6 * draws.uniform();
    return (x, y) => wave(waves * along(x, y) + bend * Math.sin(4 * across(x, y)) + phase);
  },
  checks(draws: Stream): Pattern {
    const { along, across } = turned(draws);
    const [cells, phase] = [3 + 6 * draws.uniform(), draws.uniform()];
    return (x, y) => (Math.floor(cells * along(x, y) + phase) + Math.floor(cells * across(x, y) + phase)) & 1;
  },
  rings(draws: Stream): Pattern {
    const [cx, cy, waves] = [
      1.6 * draws.uniform() - 0.3,
      1.6 * draws.uniform() - 0.3,
      5 + 10 * draws.uniform(),
    ];
    const flat = 0.5 + draws.uniform();
    return (x, y) => wave(waves * Math.hypot(x - cx, flat * (y - cy)));
  },
  cells(draws: Stream): Pattern {
    const seeds = Array.from({ length: 6 + Math.floor(18 * draws.uniform()) }, (): [number, number] => [
      draws.uniform(),
      draws.uniform(),
    ]);
    return (x, y) => {
      const distances = seeds.map(([sx, sy]) => Math.hypot(x - sx, y - sy)).sort((a, b) => a - b);
      return Math.min(1, 8 * (distances[1]! - distances[0]!));
    };
  },
  clouds(draws: Stream, side: number): Pattern {
    const map = plasmaOver(side, side, 1.5 + draws.uniform(), draws);
    const at = (place: number) => Math.floor(place * side);
    return (x, y) => map[at(y) * side + at(x)]!;
  },
  dots(draws: Stream): Pattern {
    const { along, across } = turned(draws);
    const [cells, radius] = [3 + 6 * draws.uniform(), 0.2 + 0.25 * draws.uniform()];
    const off = (place: number) => place - Math.round(place);
    return (x, y) => (Math.hypot(off(cells * along(x, y)), off(cells * across(x, y))) < radius ? 1 : 0);
  },
} satisfies Record<string, (draws: Stream, side: number) => Pattern>;

type Kind = keyof typeof KINDS;
const NAMES = Object.keys(KINDS) as Kind[];

const Options = Type.Object({
  pattern: Type.Union([Type.Literal('any'), ...NAMES.map((name) => Type.Literal(name))], {
    default: 'any',
    description: 'One kind of texture, or any of them for every image.',
  }),
});

/** Patterns of two colours, drawn anew for every image: stripes, checks, rings, cells, clouds, dots. */
export const textures: Generator<typeof Options> = {
  kind: 'generator',
  name: 'textures',
  version: 1,
  title: 'Textures',
  source: 'made here; in place of photographs of textures (Cimpoi et al. 2014)',
  options: Options,
  describe: ({ pattern }: Static<typeof Options>) =>
    `drawn textures: ${pattern === 'any' ? NAMES.join(', ') : pattern}`,
  fill(image, draws, { pattern }, [channels, height, width]) {
    const kind = pattern === 'any' ? NAMES[Math.floor(NAMES.length * draws.uniform())]! : (pattern as Kind);
    const colour = () => colourFor({ channels }, [draws.uniform(), draws.uniform(), draws.uniform()]);
    const [from, to] = [colour(), colour()];
    const side = Math.max(height, width);
    const value = KINDS[kind](draws, side);
    for (let y = 0, p = 0; y < height; y++)
      for (let x = 0; x < width; x++, p++) {
        const share = value(x / side, y / side);
        for (let c = 0; c < channels; c++) {
          const [a, b] = [from[c % from.length]!, to[c % to.length]!];
          image[c * height * width + p] = a + (b - a) * share;
        }
      }
  },
};

/** Axes turned by a random angle. */
function turned(draws: Stream): { along: Pattern; across: Pattern } {
  const angle = Math.PI * draws.uniform();
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return { along: (x, y) => cos * x + sin * y, across: (x, y) => cos * y - sin * x };
}

const wave = (turns: number) => 0.5 + 0.5 * Math.sin(2 * Math.PI * turns);
