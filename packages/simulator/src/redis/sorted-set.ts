/** Members in the order of their scores, equal scores in the order of the members. */
interface Scored {
  readonly member: string;
  score: number;
}

export class SortedSet {
  readonly #byMember = new Map<string, Scored>();
  readonly #ordered: Scored[] = [];

  get size(): number {
    return this.#byMember.size;
  }

  score(member: string): number | undefined {
    return this.#byMember.get(member)?.score;
  }

  set(member: string, score: number): void {
    const known = this.#byMember.get(member);
    if (known?.score === score) return;
    if (known) this.#ordered.splice(this.#place(known.score, member), 1);
    const scored = known ?? { member, score };
    scored.score = score;
    const place = this.#place(score, member);
    if (place === this.#ordered.length) this.#ordered.push(scored);
    else this.#ordered.splice(place, 0, scored);
    if (!known) this.#byMember.set(member, scored);
  }

  delete(member: string): void {
    const known = this.#byMember.get(member);
    if (!known) return;
    this.#ordered.splice(this.#place(known.score, member), 1);
    this.#byMember.delete(member);
  }

  /** From a rank to before another. */
  slice(from: number, to: number): readonly Readonly<Scored>[] {
    return this.#ordered.slice(from, to);
  }

  /** How many have a score below, or up to, a bound. */
  countBelow(bound: number, isIncluded: boolean): number {
    let low = 0;
    let high = this.#ordered.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const score = this.#ordered[middle]?.score ?? Infinity;
      if (score < bound || (isIncluded && score === bound)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Where a member with a score is, or would be. */
  #place(score: number, member: string): number {
    let low = 0;
    let high = this.#ordered.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = this.#ordered[middle];
      const isBefore =
        other !== undefined &&
        (other.score < score || (other.score === score && other.member < member));
      if (isBefore) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
