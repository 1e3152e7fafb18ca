import { epsilonSchema, parseEpsilons, type ResolvedAttack, resolveAttack } from '../../src/attack.js';
import type { CertifiedParams } from '../../src/measurements.js';
import { type Catalogue, oneOf, type SystemInfo, Type } from '../../src/suite.js';

type Method = CertifiedParams['method'];

export interface CertifiedOptions {
  epsilons?: (string | number)[];
  methods: Method[];
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
};

const names = Object.keys(METHODS) as Method[];

const linfAttacks = ({ attacks }: Catalogue): string[] =>
  [...attacks].filter(({ norms }) => norms?.includes('Linf') ?? true).map(({ name }) => name);

export const certifiedOptions = (catalogue: Catalogue) =>
  Type.Unsafe<CertifiedOptions>(
    Type.Object(
      {
        epsilons: Type.Optional(
          Type.Array(epsilonSchema(), {
            minItems: 1,
            description: `Radii in Linf, in units of pixels in [0, 1], such as 8/255. Default: ${catalogue.norms.named('Linf').epsilons.join(', ')}.`,
          }),
        ),
        methods: Type.Array(oneOf(names), {
          minItems: 1,
          uniqueItems: true,
          default: ['crown-ibp'],
          description: names.map((name) => `${name}: ${METHODS[name]}`).join('; '),
        }),
        attack: Type.Unsafe<string>(
          oneOf([...linfAttacks(catalogue), 'autoattack'], {
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
export const radiiOf = ({ epsilons }: CertifiedOptions, catalogue: Catalogue): string[] =>
  parseEpsilons(epsilons ?? catalogue.norms.named('Linf').epsilons).map(({ text }) => text);

/** The attack beside the bounds. Errors: `config-invalid` for one that is not defined in Linf. */
export function attackOf(
  options: CertifiedOptions,
  system: SystemInfo,
  catalogue: Catalogue,
): ResolvedAttack {
  const { attack: method, epsilons } = options;
  return resolveAttack(
    { method, norm: 'Linf', confirm: 1, ...(epsilons && { epsilons }) },
    system,
    catalogue,
  );
}
