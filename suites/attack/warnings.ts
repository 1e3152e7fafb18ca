import { definedLoss } from '../../src/attacks/losses.js';
import type { Collected } from '../../src/suites/contract.js';
import type { Warning } from '../../src/suites/results.js';
import { unconfirmed } from './measures.js';
import { type AttackResult, robustAccuracy } from './result.js';

/** FGSM must break this share of examples more than PGD before chance is ruled out as the reason. */
const ONE_STEP_MARGIN = 0.005;

/** Up to this share of verdicts on a stochastic system may be chance without more than a note. */
const UNLUCKY = 0.05;

/** Signs that robustness is not what was measured (Carlini et al. 2019; Croce et al. 2022). */
export function attackWarnings(
  suite: string,
  result: AttackResult,
  checks: { oneStep?: Collected; hugeRadius?: Collected },
): Warning[] {
  const on = { suite, model: result.system.name, dataset: result.dataset.name };
  return [
    ...verdicts(result),
    ...zeroGradients(result),
    ...oneStep(result, checks.oneStep),
    ...hugeRadius(result, checks.hugeRadius),
    ...lossReplaced(result),
    ...draws(result),
  ].map((warning) => ({ ...on, ...warning }));
}

function verdicts(result: AttackResult): Warning[] {
  const wrong = unconfirmed(result);
  if (wrong === 0) return [];
  const chance = result.system.stochastic && result.outside === 0;
  return [
    {
      code: 'verification-disagreement',
      severity: !chance ? 'serious' : wrong > UNLUCKY * result.broken ? 'warning' : 'note',
      message: `${wrong} of ${result.broken} adversarial examples (${result.label} ${result.params.norm}) were not confirmed from what was stored${result.outside > 0 ? `; ${result.outside} lie outside their ball` : ''}`,
      why: chance
        ? 'fresh draws of the defence classify them correctly: the attack picked lucky draws, and the robust accuracy is too low by as much'
        : 'a deterministic system must repeat its mistakes: the reported robust accuracy cannot be trusted',
      fix: chance
        ? 'raise `confirm` and `eot`'
        : 'a margin near zero can flip between batch sizes; otherwise report this as a bug',
    },
  ];
}

function zeroGradients({ zeroGradient: { value, n }, label }: AttackResult): Warning[] {
  if (!(value > 0)) return [];
  return [
    {
      code: 'zero-gradient',
      severity: value > 0.05 ? 'serious' : 'warning',
      message: `${Math.round(value * n)} of ${n} examples gave ${label} a gradient that is zero everywhere`,
      why: 'an attack without a gradient goes nowhere, and its failure is no robustness',
      fix: 'attack with `loss: margin` or `dlr`, and check for saturated outputs',
    },
  ];
}

function oneStep(result: AttackResult, fgsm: Collected | undefined): Warning[] {
  if (!fgsm) return [];
  const { epsilons, norm } = result.params;
  const better = epsilons.filter(
    (_, k) => robustAccuracy(fgsm, k).value < result.robust[k].value - ONE_STEP_MARGIN,
  );
  if (better.length === 0) return [];
  return [
    {
      code: 'single-step-beats-iterative',
      severity: 'serious',
      message: `FGSM breaks more than ${result.label} at ${norm} ${better.join(', ')}`,
      why: 'many small steps should find at least what one large step finds: the gradients mislead',
      fix: 'use more steps, a larger step size and restarts; then an attack that needs no gradients',
    },
  ];
}

function hugeRadius(result: AttackResult, huge: Collected | undefined): Warning[] {
  if (!huge) return [];
  const survivors = robustAccuracy(huge, 0);
  const chance = 1 / Math.max(1, result.system.classes.length);
  if (!survivors.interval || survivors.interval[0] <= chance) return [];
  return [
    {
      code: 'large-epsilon-survivors',
      severity: 'serious',
      message: `${Math.round(100 * survivors.value)} % of ${survivors.n} examples survive PGD at ${result.params.norm} 0.5`,
      why: 'within that radius every image can be turned into plain grey, so nothing can be robust: the attack fails, not the perturbation',
      fix: 'do not report these robust accuracies; look for masked gradients',
    },
  ];
}

function lossReplaced({ params, system }: AttackResult): Warning[] {
  const used = definedLoss(params.loss, system.classes.length);
  if (used === params.loss) return [];
  return [
    {
      code: 'loss-replaced',
      severity: 'note',
      message: `"${params.loss}" needs more classes than ${system.classes.length}: "${used}" was attacked`,
    },
  ];
}

function draws({ system, params }: AttackResult): Warning[] {
  if (!system.stochastic) return [];
  return [
    {
      code: 'stochastic-verdict',
      severity: 'note',
      message: `"${system.name}" draws at random: gradients are means over ${params.eot} draws, and an example is broken when the mean logits of these and of ${params.confirm} fresh draws are both wrong at some step`,
      why: 'one wrong draw would count any noisy system as broken; gradients through the defence are approximate, so the robust accuracy is an upper bound',
      fix: 'raise `eot`, `confirm`, `steps` and `restarts` until the number stops falling',
    },
  ];
}
