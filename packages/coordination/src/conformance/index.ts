import { describe } from 'vitest';

import { testAgreement } from './agreement.ts';
import { testAssignments, testClaiming } from './claims.ts';
import { testCordons } from './cordons.ts';
import {
  testAdoption,
  testLossOfEverything,
  testQuarantine,
  testRestoredState,
} from './data-loss.ts';
import { testDeltas } from './deltas.ts';
import { testJournalMarks, testTaskSetReading } from './journaling.ts';
import { testLeadership } from './leadership.ts';
import { testBeating, testEnding, testJoining } from './membership.ts';
import {
  testGranting,
  testRefencing,
  testReleasing,
  testReporting,
  testRevoking,
} from './ownership.ts';
import { testChanges, testReading } from './reading.ts';
import { testRepairs } from './repairs.ts';
import { testMutations, testRequests } from './requests.ts';
import { testRestoring } from './restoring.ts';
import { testTaskSets } from './task-sets.ts';
import type { MakeStore } from './test-cluster.ts';
import { testLoggerLevels, testOffsetsFences, testTopics } from './topics.ts';

export { describeDefinitionJournal, type JournalUnderTest } from './definition-journal.ts';
export { MemoryJournal, MemoryJournalStore } from './memory-journal.ts';
export {
  connectorRecord,
  joinRequest,
  leadRequest,
  type MakeStore,
  type StoreUnderTest,
  startTestCluster,
  TestCluster,
  type TestMember,
  taskConfigs,
} from './test-cluster.ts';

/**
 * What every coordination store must do, whatever it stores in.
 *
 * @example
 * describeCoordinationStore('memory', async () => memoryStoreUnderTest());
 */
export function describeCoordinationStore(name: string, make: MakeStore): void {
  describe(`the ${name} coordination store`, () => {
    describe('leadership', () => testLeadership(make));
    describe('joining', () => testJoining(make));
    describe('what all agree on', () => testAgreement(make));
    describe('beating', () => testBeating(make));
    describe('the end of a member', () => testEnding(make));
    describe('granting', () => testGranting(make));
    describe('claiming', () => testClaiming(make));
    describe('revoking', () => testRevoking(make));
    describe('releasing', () => testReleasing(make));
    describe('new fences', () => testRefencing(make));
    describe('reports', () => testReporting(make));
    describe('assignments', () => testAssignments(make));
    describe('task sets', () => testTaskSets(make));
    describe('topics', () => testTopics(make));
    describe('fences for offsets', () => testOffsetsFences(make));
    describe('levels of loggers', () => testLoggerLevels(make));
    describe('requests', () => testRequests(make));
    describe('mutations', () => testMutations(make));
    describe('cordons', () => testCordons(make));
    describe('repairs', () => testRepairs(make));
    describe('marks of a journal', () => testJournalMarks(make));
    describe('restoring', () => testRestoring(make));
    describe('reading task sets', () => testTaskSetReading(make));
    describe('changes', () => testChanges(make));
    describe('deltas', () => testDeltas(make));
    describe('reading', () => testReading(make));
    describe('loss of everything', () => testLossOfEverything(make));
    describe('an older state that came back', () => testRestoredState(make));
    describe('quarantine', () => testQuarantine(make));
    describe('adoption', () => testAdoption(make));
  });
}
