export {
  type Agreement,
  type Disagreement,
  disagreementError,
  limitedTo,
  type ProtocolRange,
  protocolSpoken,
} from './agreement.ts';
export {
  type AuditEntry,
  type AuditedCaller,
  type AuditOutcome,
  type AuditPage,
  type AuditQuery,
  type AuditTrail,
  auditedClient,
  auditLimits,
  auditOutcomes,
  clipped,
  type KeptAuditEntry,
  matches,
} from './audit.ts';
export { changeStopped, type StoppedChange, type StoppedOwner } from './change-stopped.ts';
export {
  askAsOperator,
  type ClusterClient,
  type ClusterClientOptions,
  createClusterClient,
  describeRequest,
  type SubmitOutcome,
} from './cluster-client.ts';
export { ClusterView } from './cluster-view.ts';
export type { Dispatcher, LeaderWaker, RefreshJob, StartJob, StartJobHandler } from './dispatch.ts';
export {
  type EventHistory,
  type EventQuery,
  isAboutUnits,
  isEventAskedFor,
  unitEventPrefix,
} from './event-history.ts';
export { type FailureGroup, failureGroups, fingerprint } from './failure-groups.ts';
export { penaltiesOf } from './flapping.ts';
export type {
  DefinitionJournal,
  Journaled,
  JournaledConnector,
  JournaledRequest,
  JournaledSet,
  JournaledTask,
  JournalHigh,
  JournalMark,
  JournalState,
  JournalWrite,
  NextJournalMark,
} from './journal/definition-journal.ts';
export type { LeaderLoopOptions } from './leader-context.ts';
export { LeaderLoop } from './leader-loop.ts';
export { LeaderStats } from './leader-stats.ts';
export { LevelFollower, type LevelFollowerOptions } from './level-follower.ts';
export {
  type ExecutorLoad,
  type LoadReport,
  type LoadReports,
  loadLimits,
  type TaskLoad,
  type TaskReport,
  type TaskTotals,
  type TransformLoad,
  type WorkerLoad,
} from './load-reports.ts';
export {
  isAskedFor,
  type KeptLogLine,
  type LineLevel,
  type LogLine,
  type LogLinePage,
  type LogLineQuery,
  type LogLines,
  lineLevels,
  logLineLimits,
} from './log-lines.ts';
export {
  type ClusterEvent,
  type ConfigKeyInfo,
  type ConnectorRecord,
  type ConnectorType,
  connectorUnit,
  type MemberRecord,
  type MemberState,
  type NewEvent,
  type OwnershipState,
  type PluginInfo,
  parseUnit,
  type RunState,
  type StatusReport,
  type TargetState,
  taskUnit,
  type UnitId,
  type UnitRecord,
} from './model.ts';
export { OperatorDesk, type OperatorDeskOptions } from './operator-desk.ts';
export {
  type InboxEntry,
  type OperatorCaller,
  type OperatorInbox,
  operatorRequest,
  operatorRequestId,
} from './operator-requests.ts';
export {
  type Change,
  type ChangePlan,
  type PlannedUnit,
  type PlanOptions,
  planChanges,
} from './plan-changes.ts';
export { catalogOf } from './plugin-catalog.ts';
export { PluginPlacement } from './plugin-placement.ts';
export {
  type TimingProfile,
  type TimingProfileName,
  timingProfile,
  timingProfiles,
} from './profile.ts';
export { invalidConfigurationMessage, unknownClassMessage } from './refusal-texts.ts';
export {
  type AppliedConnector,
  type ConnectorMutation,
  type Definition,
  type Mutation,
  type RequestBody,
  type RequestResult,
  type StoredRequest,
  workerRequest,
} from './requests.ts';
export { ResultWaits, type ResultWaitsOptions } from './result-waits.ts';
export {
  type KeptSession,
  type SessionStore,
  sessionsMax,
  sessionsOfOwnerMax,
} from './session-store.ts';
export { Settling, type SettlingOptions, settlingDefaults } from './settling.ts';
export type {
  ClusterSnapshot,
  ConnectorView,
  FoundConnector,
  UnitView,
  WorkerView,
} from './snapshot.ts';
export type {
  AnnounceReply,
  AssignedUnit,
  Assignments,
  Beat,
  BeatReply,
  BeatRequest,
  Changes,
  ClaimResult,
  ClusterStore,
  CoordinationStore,
  Grant,
  GrantResult,
  HeldUnit,
  JoinReply,
  JoinRequest,
  LeaderSeen,
  LeaderStore,
  LeaderTerm,
  LeadReply,
  LeadRequest,
  LoggerLevel,
  OffsetsFence,
  Ownership,
  PublishResult,
  PublishTasks,
  RaiseReply,
  TaskSet,
  UsedTopics,
  WorkerStore,
} from './store.ts';
export { reviewEveryMs, wholeReadPauseMs } from './upkeep.ts';
export type { MemberIdentity } from './worker/membership.ts';
export type {
  LeaseDeadlines,
  RunnableUnit,
  UnitRunner,
  UnitRunnerEvents,
} from './worker/unit-runner.ts';
export { WorkerAgent, type WorkerAgentOptions } from './worker/worker-agent.ts';
