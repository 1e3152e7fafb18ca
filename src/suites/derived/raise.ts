import { epsilonSchema } from '../../attacks/epsilon.js';
import { Type } from '../../config/type.js';
import { AssayError } from '../../errors.js';
import {
  type DetectorAttackOptions,
  detectorAttackOptions,
  detectorScores,
  optionsOfDetectorAttacks,
  resolveDetectorAttack,
} from '../attacking/detector-attack.js';
import type { Catalogue } from '../catalogue.js';
import { attackRequest } from '../measurements/attack.js';
import { onceFor } from '../once-for.js';
import { oneOf } from '../one-of.js';
import type { MeasuredDerivation } from './measured.js';

type Options = DetectorAttackOptions & { on: string; score: string; epsilon: string | number };

function schemaOf(catalogue: Catalogue) {
  const { epsilons: _, ...common } = detectorAttackOptions(catalogue);
  return Type.Object(
    {
      on: Type.String({ minLength: 1, description: 'Name of the system that is attacked.' }),
      score: oneOf(detectorScores(catalogue), {
        default: 'log-px',
        description: 'What is raised: a score that an attacker can follow.',
      }),
      epsilon: epsilonSchema({ description: 'Radius, in units of pixels in [0, 1], such as 8/255.' }),
      ...common,
      ...optionsOfDetectorAttacks(catalogue),
    },
    {
      additionalProperties: false,
      description:
        'What an attack made of every image that is to look in-distribution to one score, as the suite `robust-ood` stores it. Other scores, and other systems, see a transfer of the attack: one that knew them would do better.',
    },
  );
}

/** Which attacks can climb is known only when their options are compiled: not before someone asks. */
const optionsFor = onceFor(schemaOf);

/** @param catalogue what attacks and scores there are */
export const raise = (catalogue: Catalogue): MeasuredDerivation<ReturnType<typeof schemaOf>> => ({
  kind: 'measurement',
  name: 'raise',
  version: 1,
  title: 'OOD images moved towards the in-distribution',
  source: 'docs/attacks.md, by attack',
  get options() {
    return optionsFor(catalogue);
  },
  system: 'on',
  describe(given) {
    const { on, score, epsilon, method, norm } = given as Options;
    return `attacked on ${on} to raise ${score}: ${method} ${norm} ${String(epsilon).replace(/\s+/g, '')}`;
  },
  check(given, system) {
    const { score } = given as Options;
    const { needs } = catalogue.scores.named(score);
    const lack = [...needs, 'inputGradient' as const].find((need) => !system.offers.includes(need));
    if (!lack) return;
    throw new AssayError('config-invalid', `"${system.name}" cannot be attacked to raise ${score}`, {
      path: 'on',
      expected: `a system with ${lack}`,
      found: system.lacks[lack] ?? `none`,
      hint: 'name another system, or another score',
    });
  },
  request(given, system, parent) {
    const { score, epsilon, ...options } = given as Options;
    const { params } = resolveDetectorAttack({ ...options, epsilons: [epsilon] }, ['on'], system, catalogue);
    return attackRequest(system.name, parent, {
      ...params,
      goal: { kind: 'raise', score },
      keep: 'strongest',
    });
  },
});
