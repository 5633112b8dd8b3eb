export { traceparentHeader } from './producers.ts';
export type {
  StepFacts,
  StepName,
  Trace,
  TraceError,
  TraceKind,
  Tracer,
  TraceStart,
  TraceStep,
} from './tracer.ts';
