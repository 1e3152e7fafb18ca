/**
 * The measures that a report shows first, a line each, for a message or a commit: `reports/headline/headline.txt`.
 * @type {import('assay/report').Renderer}
 */
export const headline = {
  name: 'headline',
  title: 'The headline measures as text: headline.txt',
  async render({ measures }) {
    const lines = measures
      .filter((measure) => measure.headline)
      .map(({ model, dataset, title, value, n }) => `${model} on ${dataset}: ${title} ${value} (n = ${n})\n`);
    return [{ path: 'headline.txt', content: lines.join('') }];
  },
};
