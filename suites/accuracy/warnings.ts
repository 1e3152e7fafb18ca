import { perClass } from '../../src/metrics.js';
import type { Warning } from '../../src/suite.js';
import type { AccuracyResult } from './result.js';

/** What makes the accuracy of a system suspect. `suite` is filled in. */
export function accuracyWarnings(suite: string, result: AccuracyResult): Warning[] {
  const { system, dataset, classified, accuracy } = result;
  const { n, classes, labels, prediction } = classified;
  if (n === 0) return [];
  const at = { suite, model: system.name, dataset: dataset.name };
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  // Where there is no model, there is no input to be wrong about.
  const predicted = system.input === 'predictions';
  const network =
    system.network === undefined
      ? ''
      : `check \`architecture\` first: the weights were taken for ${system.network}; `;
  const warnings: Warning[] = [];
  if (classes === 1) {
    warnings.push({
      ...at,
      code: 'single-class',
      severity: 'serious',
      message: `"${system.name}" has only one class`,
      why: 'it is right on every example by construction',
    });
    return warnings;
  }
  const { total } = perClass(classified);
  const commonest = total.indexOf(Math.max(...total));
  const chance = Math.max(1 / classes, total[commonest]! / n);
  const oneLabel = total[commonest] === n;
  const oneAnswer = prediction.every((p) => p === prediction[0]);
  if (oneLabel) {
    warnings.push({
      ...at,
      code: 'one-class-labels',
      severity: 'warning',
      message: `all ${n} examples of "${dataset.name}" have the label "${system.classes[labels[0]!]}"`,
      why: 'accuracy on one class says nothing about the others',
      fix: 'check the labels, or draw a stratified `sample` instead of a `limit` on sorted data',
    });
  } else if (oneAnswer && n > 1) {
    warnings.push({
      ...at,
      code: 'one-class-predicted',
      severity: 'serious',
      message: `"${system.name}" answers "${system.classes[prediction[0]!]}" for all ${n} examples`,
      why: 'the usual cause is input in the wrong range or normalisation',
      fix: predicted
        ? 'check how the images were prepared where these predictions were made'
        : `${network}check \`input\` (range, mean, std, layout) in the model card`,
    });
  } else if (accuracy.interval && accuracy.interval[0] <= chance) {
    const below = accuracy.value <= chance;
    warnings.push({
      ...at,
      code: 'not-above-chance',
      severity: below ? 'serious' : 'warning',
      message: `${percent(accuracy.value)} right is not clearly more than ${percent(chance)}, which always answering "${system.classes[commonest]}" gives`,
      why: 'nothing measured for this model on these examples means much',
      fix: predicted
        ? 'check that logits and labels are in the same order (no shuffling), and the order of the classes; or measure more examples'
        : `${network}check the order of the classes and \`input\` in the model card, or measure more examples`,
    });
  }
  const absent = system.classes.filter((_, k) => total[k] === 0);
  if (absent.length > 0 && !oneLabel) {
    warnings.push({
      ...at,
      code: 'classes-without-examples',
      severity: 'note',
      message: `${absent.length} of ${classes} classes have no example in "${dataset.name}": ${absent.slice(0, 5).join(', ')}${absent.length > 5 ? ', ...' : ''}`,
    });
  }
  return warnings;
}
