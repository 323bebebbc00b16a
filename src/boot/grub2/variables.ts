/** Variables of a GRUB script: one flat table for each context, and cheap copies for running an entry on trial. */

/** Where in a config something stands. */
export interface Place {
  /** `volume:path`, or null for what no file holds. */
  readonly file: string | null;
  /** From 1. */
  readonly line: number;
}

export interface Variable {
  readonly value: string;
  readonly exported: boolean;
  /** What set it last; null for what GRUB itself sets at its start. */
  readonly place: Place | null;
}

/** A table of variables on top of another one, which it never changes. */
export class Variables {
  private readonly own = new Map<string, Variable | null>();

  constructor(private readonly below: Variables | null = null) {}

  get(name: string): string | undefined {
    return this.lookup(name)?.value;
  }

  lookup(name: string): Variable | undefined {
    for (let table: Variables | null = this; table !== null; table = table.below) {
      const found = table.own.get(name);
      if (found !== undefined) return found ?? undefined;
    }
    return undefined;
  }

  /** Sets a value; an exported variable stays exported. */
  set(name: string, value: string, place: Place | null): void {
    this.own.set(name, { value, exported: this.lookup(name)?.exported ?? false, place });
  }

  /** Marks a variable for the contexts to come, making it empty where there is none. */
  export(name: string, place: Place | null): void {
    const old = this.lookup(name);
    this.own.set(name, { value: old?.value ?? '', exported: true, place: old?.place ?? place });
  }

  unset(name: string): void {
    this.own.set(name, null);
  }

  /** A copy: what is set in it leaves this table alone. */
  fork(): Variables {
    return new Variables(this);
  }

  /** The table of a new context: copies of the exported variables, or of all of them (Red Hat). */
  context(everything: boolean): Variables {
    const copy = new Variables();
    for (const [name, variable] of this.entries()) {
      if (everything || variable.exported) copy.own.set(name, variable);
    }
    return copy;
  }

  /** All variables, unsorted. */
  entries(): Map<string, Variable> {
    const tables: Variables[] = [];
    for (let table: Variables | null = this; table !== null; table = table.below) tables.push(table);
    const all = new Map<string, Variable>();
    for (const table of tables.reverse()) {
      for (const [name, variable] of table.own) {
        if (variable === null) all.delete(name);
        else all.set(name, variable);
      }
    }
    return all;
  }
}
