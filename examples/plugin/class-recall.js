import { classifiedOf, clean } from 'assay/measurements';
import { wilson } from 'assay/metrics';
import { defineSuite, measure, request, Type } from 'assay/suite';

/** A suite: how the class that fares worst does, which accuracy over all classes hides. */
export const classRecall = defineSuite({
  name: 'class-recall',
  title: 'Recall by class',
  description:
    'The share of the images of one class that are classified correctly, for the class where it is lowest.',
  options: Type.Object(
    { least: Type.Integer({ minimum: 1, default: 1, description: 'Leave out classes with fewer images.' }) },
    { additionalProperties: false },
  ),
  needs: ['logits'],
  measures: ['lowest-recall'],
  plan: ({ systems, datasets }) =>
    datasets
      .filter(({ role, labelled }) => role === 'test' && labelled)
      .flatMap(({ name: dataset }) =>
        systems.map(({ name: system }) => request({ measurement: clean, system, dataset })),
      ),
  summarise: (collected, { least }) => ({
    measures: collected.all(clean).flatMap((rows) => {
      const counts = countsOf(classifiedOf(rows).correct, rows.labels).filter(({ n }) => n >= least);
      if (counts.length === 0) return [];
      const { label, right, n } = counts.reduce((a, b) => (b.right / b.n < a.right / a.n ? b : a));
      const { system: model, dataset } = rows.request;
      const about = { suite: 'class-recall', measure: 'lowest-recall', title: 'Lowest recall', model, dataset };
      const note = `class ${label}, the lowest of ${counts.length}`;
      return [measure({ ...about, better: 'higher', format: 'percent', note }, wilson(right, n))];
    }),
  }),
});

/** Of each class: images, and those classified correctly. */
export function countsOf(correct, labels) {
  const counts = new Map();
  labels.forEach((label, i) => {
    const { n, right } = counts.get(label) ?? { n: 0, right: 0 };
    counts.set(label, { label, n: n + 1, right: right + (correct[i] ? 1 : 0) });
  });
  return [...counts.values()];
}
