export { LateLog } from './late-log.ts';
export { type LogHealth, LogProbe, type LogProbeOptions, type LogPromise } from './log-probe.ts';
export { type OpenLogOptions, openLog } from './open-log.ts';
export {
  exactlyOnceHelp,
  type LogKind,
  type LogSettings,
  logSettingsHelp,
  readExactlyOnce,
  readLogSettings,
} from './settings.ts';
