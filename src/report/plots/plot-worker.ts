import { parentPort } from 'node:worker_threads';
import { recordError } from '../../errors.js';
import type { PlotOrder, PlotReply } from './plotter.js';
import { renderPlot } from './render-svg.js';

/** The thread of a `Plotter`: it draws one plot after the other. */
const tell = (reply: PlotReply) => parentPort?.postMessage(reply);
let before: Promise<void> = Promise.resolve();

parentPort?.on('message', ([order, told]: [number, PlotOrder]) => {
  before = before.then(async () => {
    try {
      tell({ order, plot: await renderPlot(...told) });
    } catch (error) {
      tell({ order, error: recordError(error) });
    }
  });
});
