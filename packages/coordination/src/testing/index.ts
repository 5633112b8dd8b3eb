/** What tests of other packages play with; needs no test runner. */
export { MemoryJournal, MemoryJournalStore } from '../conformance/memory-journal.ts';
