import { Registry } from '../registry.js';
import type { Exporter } from '../suites/exporter.js';

/** Every format that evidence is exported in. A new one is a file and a row. Loaded when they write. */
export const exporters = Registry.of<Exporter>('exporter', [
  {
    name: 'every-eval-ever',
    title: 'Every Eval Ever 0.3: a JSON record for each system',
    export: async (...args) => (await import('./every-eval-ever.js')).everyEvalEver(...args),
  },
  {
    name: 'hugging-face',
    title: 'Hugging Face: a model card with a model-index, and .eval_results, for each system',
    export: async (...args) => (await import('./hugging-face.js')).huggingFace(...args),
  },
  {
    name: 'cyclonedx',
    title: 'CycloneDX 1.6: a bill of materials with a model card for each system',
    export: async (results) => (await import('./cyclonedx.js')).cycloneDx(results),
  },
  {
    name: 'mlflow',
    title: 'MLflow: flat metrics, tags and thresholds for each system',
    export: async (results) => (await import('./mlflow.js')).mlflow(results),
  },
  {
    name: 'junit',
    title: 'JUnit XML: the verdicts of the run',
    export: async (results) => (await import('./junit.js')).junitExport(results),
  },
]);
