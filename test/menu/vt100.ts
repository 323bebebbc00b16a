/** A terminal in memory that knows the VT100 sequences the menu may use, and refuses every other. */
export class Vt100 {
  readonly cells: string[][];
  row = 0;
  column = 0;
  private reverse = false;
  private top = 0;
  private bottom: number;

  constructor(
    readonly columns: number,
    readonly rows: number,
  ) {
    this.bottom = rows - 1;
    this.cells = Array.from({ length: rows }, () => this.blankRow());
  }

  /** Takes output of the menu. @throws Error at a sequence that a VT100 does not know, or printing past the last column */
  write(bytes: string): void {
    const pattern = /\x1b\[(\d*(?:;\d+)*)([HJKmr])|\x1b([DM])|([\r\n])|([^\x00-\x1f\x7f-\x9f])/uy;
    while (pattern.lastIndex < bytes.length) {
      const at = pattern.lastIndex;
      const match = pattern.exec(bytes);
      if (match === null) throw new Error(`a VT100 does not know ${JSON.stringify(bytes.slice(at, at + 10))}`);
      const [, parameters, final, index, line, char] = match;
      if (final !== undefined) this.control(parameters ?? '', final);
      else if (index !== undefined) this.scroll(index === 'D');
      else if (line === '\r') this.column = 0;
      else if (line === '\n') this.row = Math.min(this.rows - 1, this.row + 1);
      else if (char !== undefined) this.print(char);
    }
  }

  private control(parameters: string, final: string): void {
    const [a = 0, b = 0] = parameters.split(';').map(Number);
    if (final === 'H') {
      this.row = Math.max(1, a) - 1;
      this.column = Math.max(1, b) - 1;
      if (this.row >= this.rows || this.column >= this.columns) throw new Error(`the cursor is moved to ${this.row},${this.column}`);
    } else if (final === 'm') this.reverse = a === 7;
    else if (final === 'K') for (let c = this.column; c < this.columns; c++) this.set(this.row, c, ' ');
    else if (final === 'J') for (let r = 0; r < this.rows; r++) this.cells[r] = this.blankRow();
    else {
      this.top = Math.max(1, a) - 1;
      this.bottom = (b === 0 ? this.rows : b) - 1;
      this.row = 0;
      this.column = 0;
    }
  }

  private scroll(up: boolean): void {
    if (this.row !== (up ? this.bottom : this.top)) throw new Error('scrolled away from the margin');
    this.cells.splice(up ? this.top : this.bottom, 1);
    this.cells.splice(up ? this.bottom : this.top, 0, this.blankRow());
  }

  private print(char: string): void {
    if (this.column >= this.columns - 1) throw new Error('printed in the last column, where terminals wrap');
    this.set(this.row, this.column, char);
    this.column += 1;
  }

  private set(row: number, column: number, char: string): void {
    const cells = this.cells[row];
    if (cells !== undefined) cells[column] = this.reverse && char !== '' ? `[${char}]` : char;
  }

  private blankRow(): string[] {
    return Array.from({ length: this.columns }, () => ' ');
  }

  screen(): string {
    return this.cells.map((row) => row.join('').trimEnd()).join('\n');
  }
}
