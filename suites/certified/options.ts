import { epsilonSchema, parseEpsilons, type ResolvedAttack, resolveAttack } from '../../src/attack.js';
import type { CertifiedParams } from '../../src/measurements.js';
import { type Catalogue, oneOf, type SystemInfo, Type } from '../../src/suite.js';

type Method = CertifiedParams['method'];

export interface CertifiedOptions {
  epsilons?: (string | number)[];
  norm: CertifiedParams['norm'];
  methods: Method[];
  iterations: number;
  attack: string;
  examples?: number;
}

/** How bounds are found, loosest and cheapest first. */
export const METHODS: Readonly<Record<Method, string>> = {
  ibp: 'intervals all the way (Gowal et al. 2018): two passes, and useful only for networks that were trained with them',
  'crown-ibp':
    'linear bounds of the margins, with intervals inside (Zhang et al. 2020): a walk back for every other class',
  crown:
    'linear bounds inside, too (Zhang et al. 2018): a walk back for every number of the network whose sign is not certain, often thousands of passes an image',
  'alpha-crown':
    'as crown, and the slopes of the lines of each margin climb its gradient (Xu et al. 2021): never looser than crown',
};

const names = Object.keys(METHODS) as Method[];

const NORMS: readonly CertifiedParams['norm'][] = ['Linf', 'L2'];

/** Attacks in all of these norms. */
const attacksOf = ({ attacks }: Catalogue): string[] =>
  [...attacks]
    .filter(({ norms }) => NORMS.every((norm) => norms?.includes(norm) ?? true))
    .map(({ name }) => name);

export const certifiedOptions = (catalogue: Catalogue) =>
  Type.Unsafe<CertifiedOptions>(
    Type.Object(
      {
        epsilons: Type.Optional(
          Type.Array(epsilonSchema(), {
            minItems: 1,
            description: `Radii, in units of pixels in [0, 1], such as 8/255. Default: ${NORMS.map((norm) => `${catalogue.norms.named(norm).epsilons.join(', ')} in ${norm}`).join('; ')}.`,
          }),
        ),
        norm: oneOf(NORMS, { default: 'Linf', description: 'Of the ball around each image.' }),
        methods: Type.Array(oneOf(names), {
          minItems: 1,
          uniqueItems: true,
          default: ['crown-ibp'],
          description: names.map((name) => `${name}: ${METHODS[name]}`).join('; '),
        }),
        iterations: Type.Integer({
          minimum: 1,
          default: 20,
          description: 'Steps of `alpha-crown`, each at the price of two walks back for every margin.',
        }),
        attack: Type.Unsafe<string>(
          oneOf([...attacksOf(catalogue), 'autoattack'], {
            default: 'pgd',
            description: 'What bounds robust accuracy from the other side, with its defaults.',
          }),
        ),
        examples: Type.Optional(
          Type.Integer({ minimum: 1, description: 'Only the first n images. Default: all.' }),
        ),
      },
      { additionalProperties: false },
    ),
  );

/** Radii, smallest first. Errors: `config-invalid`. */
export const radiiOf = ({ epsilons, norm }: CertifiedOptions, catalogue: Catalogue): string[] =>
  parseEpsilons(epsilons ?? catalogue.norms.named(norm).epsilons).map(({ text }) => text);

/** The attack beside the bounds. Errors: `config-invalid` for one that is not defined in the norm. */
export function attackOf(
  options: CertifiedOptions,
  system: SystemInfo,
  catalogue: Catalogue,
): ResolvedAttack {
  const { attack: method, norm, epsilons } = options;
  return resolveAttack({ method, norm, confirm: 1, ...(epsilons && { epsilons }) }, system, catalogue);
}
