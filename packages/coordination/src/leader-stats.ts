/** Counters of one coordinator's time as leader; read by its metrics endpoint. */
export class LeaderStats {
  elections = 0;
  deaths = 0;
  reruns = 0;
  /** Tasks that reruns moved. */
  moves = 0;
  grants = 0;
  requests = 0;
  /** Duration of the last planning, ms. */
  planMs = 0;
  /** Wall clock, ms; 0: it has not done one yet. */
  rerunAtMs = 0;
}
