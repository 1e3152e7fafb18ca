import { chosenOf } from '../graph/along-classes.js';
import { crossEntropyOf, emitCrossEntropy } from './cross-entropy.js';
import type { Loss } from './loss.js';

/** f_y: descended, the label's own logit falls. */
export const logit: Loss = {
  name: 'logit',
  aims: ['labels'],
  needs: ['logits'],
  classes: 2,
  direction: -1,
  chosen: true,
  value: (logits, { label }) => logits[label]!,
  emit: ({ b, logits, labels }) => chosenOf(b, logits, labels),
};

/** log p(x, y) = log p(x) + log p(y|x): the logit itself where log p(x) is the logsumexp of the logits. */
export const logPxy: Loss = {
  name: 'log-pxy',
  aims: ['labels'],
  needs: ['logits', 'logPx'],
  classes: 2,
  direction: -1,
  value: (logits, { label, logPx }) => logPx - crossEntropyOf(logits, label),
  emit: (site) =>
    site.energy === 'logsumexp'
      ? chosenOf(site.b, site.logits, site.labels)
      : site.b.op('Sub', [site.logPx, emitCrossEntropy(site)]),
};
