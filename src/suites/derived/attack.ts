import { epsilonSchema } from '../../attacks/epsilon.js';
import { Type } from '../../config/type.js';
import type { DatasetInfo } from '../../data/dataset.js';
import { AssayError } from '../../errors.js';
import type { SystemInfo } from '../../models/system.js';
import { type AttackingOptions, attackingOptions, optionsOfEveryAttack } from '../attacking/options.js';
import { resolveAttack } from '../attacking/resolve-attack.js';
import type { Catalogue } from '../catalogue.js';
import { attackRequest } from '../measurements/attack.js';
import type { MeasuredDerivation } from './measured.js';

type Options = AttackingOptions & { on: string; epsilon: string | number };

function schemaOf(catalogue: Catalogue) {
  const { epsilons: _, examples: __, ...common } = attackingOptions(catalogue).properties;
  return Type.Object(
    {
      on: Type.String({ minLength: 1, description: 'Name of the system that is attacked.' }),
      epsilon: epsilonSchema({
        description: 'Radius, in units of pixels in [0, 1], such as 8/255.',
      }),
      ...common,
      ...optionsOfEveryAttack(catalogue),
    },
    {
      additionalProperties: false,
      description:
        'What an attack made of every image, as the suite `attack` stores it: the adversarial image, or where none was found the point of the highest loss; images that were misclassified from the start are left as they are.',
    },
  );
}

/** What the suite `attack` asks for, with the same options, so that both share its rows. */
function resolved({ on: _on, epsilon, ...options }: Options, system: SystemInfo, catalogue: Catalogue) {
  try {
    return resolveAttack({ ...options, epsilons: [epsilon] }, system, catalogue);
  } catch (error) {
    if (!(error instanceof AssayError) || !error.details.path?.startsWith('epsilons')) throw error;
    throw new AssayError(error.code, error.message, { ...error.details, path: 'epsilon' });
  }
}

/** @param catalogue what the attack may be */
export const attack = (catalogue: Catalogue): MeasuredDerivation<ReturnType<typeof schemaOf>> => ({
  kind: 'measurement',
  name: 'attack',
  version: 1,
  title: 'Adversarial images',
  source: 'docs/attacks.md, by attack',
  options: schemaOf(catalogue),
  system: 'on',
  describe(given) {
    const { on, epsilon, method, norm, version } = given as Options;
    const what = [method, version, norm, String(epsilon).replace(/\s+/g, '')].filter(Boolean).join(' ');
    return `attacked on ${on}: ${what}`;
  },
  check(given, system, parent) {
    if (parent) refuseUnlabelled(parent);
    refuseRadiusless(resolved(given as Options, system, catalogue).params, catalogue);
  },
  request: (given, system, parent) =>
    attackRequest(system.name, parent, resolved(given as Options, system, catalogue).params),
});

function refuseUnlabelled({ name, labelled, role }: DatasetInfo): void {
  if (labelled && role !== 'ood') return;
  throw new AssayError('data-invalid', `"${name}" cannot be attacked: an attack looks for mistakes`, {
    path: 'of',
    expected: 'a data set whose labels are classes of the system',
    found: labelled ? 'one with `role: ood`, whose labels may be other classes' : 'one without labels',
    hint: 'attack a labelled test set; give the attacked set `role: ood` if it is to be rejected',
  });
}

/** Attacks without a radius keep points from beyond it, which count as none: they are no images within epsilon. */
function refuseRadiusless(
  { attacks, keep }: ReturnType<typeof resolved>['params'],
  catalogue: Catalogue,
): void {
  const free = attacks.map(({ method }) => catalogue.attacks.named(method).radius === 'free');
  if (!free[0] && !(keep === 'nearest' && free.includes(true))) return;
  const { method } = attacks[free.indexOf(true)]!;
  throw new AssayError('config-invalid', `"${method}" looks for the nearest mistake, at any distance`, {
    path: 'method',
    expected: 'an attack within a radius first, such as apgd-ce, and `keep: first` or `strongest`',
    found: `${attacks.map((stage) => stage.method).join(', ')}; keep: ${keep}`,
    hint: 'use pgd, apgd-ce or autoattack',
  });
}
