/** Assembles eBPF: instructions to the bytes that the kernel's verifier reads (RFC 9669). */
import assert from 'node:assert/strict';

const INSTRUCTION_BYTES = 8;

/** r0 holds results, r1 to r5 arguments, r6 to r9 outlive calls, r10 is the frame. */
type Register = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10;

/** How wide a value in memory is. */
const LOAD_OPCODES = { 8: 0x71, 16: 0x69, 32: 0x61, 64: 0x79 } as const;
/** src_reg of a load of 64 bits whose value is the descriptor of a map (RFC 9669 §5.4). */
const MAP_BY_FD = 1;
/** And of one whose value is a place in the only entry of the map of this descriptor. */
const MAP_VALUE_BY_FD = 2;

/** Two letters more than the class would say: r = register, i = number that the instruction holds. */
const OPCODE = {
  LOAD_64_I: 0x18,
  STORE_32_R: 0x63,
  ADD_I: 0x07,
  ADD_R: 0x0f,
  MULTIPLY_I: 0x27,
  AND_I: 0x57,
  SHIFT_RIGHT_I: 0x77,
  MOVE_I: 0xb7,
  MOVE_R: 0xbf,
  GO: 0x05,
  GO_IF_ABOVE_R: 0x2d,
  GO_IF_ABOVE_I: 0x25,
  GO_IF_BELOW_I: 0xa5,
  GO_UNLESS_EQUAL_R: 0x5d,
  GO_IF_EQUAL_32_I: 0x16,
  GO_UNLESS_EQUAL_32_I: 0x56,
  CALL: 0x85,
  EXIT: 0x95,
} as const;

interface Jump {
  readonly at: number;
  readonly label: string;
}

/** A program in the making: one method an instruction, labels by name. */
export class Assembler {
  readonly #bytes: number[] = [];
  readonly #labels = new Map<string, number>();
  readonly #jumps: Jump[] = [];

  /** dst = the value of so many bits at src + offset, the rest zero; least significant byte first. */
  load(bits: keyof typeof LOAD_OPCODES, dst: Register, src: Register, offset: number): this {
    return this.#emit(LOAD_OPCODES[bits], dst, src, offset, 0);
  }

  /** dst = 64 bits, given as two halves. */
  load64(dst: Register, low: number, high: number): this {
    this.#emit(OPCODE.LOAD_64_I, dst, 0, 0, low);
    return this.#emit(0, 0, 0, 0, high);
  }

  /** dst = the map of this descriptor. */
  loadMap(dst: Register, fd: number): this {
    this.#emit(OPCODE.LOAD_64_I, dst, MAP_BY_FD, 0, fd);
    return this.#emit(0, 0, 0, 0, 0);
  }

  /** dst = where so many bytes into the only entry of this map are. */
  loadMapValue(dst: Register, fd: number, offset: number): this {
    this.#emit(OPCODE.LOAD_64_I, dst, MAP_VALUE_BY_FD, 0, fd);
    return this.#emit(0, 0, 0, 0, offset);
  }

  /** The lower 32 bits of src to dst + offset. */
  store32(dst: Register, offset: number, src: Register): this {
    return this.#emit(OPCODE.STORE_32_R, dst, src, offset, 0);
  }

  move(dst: Register, src: Register): this {
    return this.#emit(OPCODE.MOVE_R, dst, src, 0, 0);
  }

  set(dst: Register, value: number): this {
    return this.#emit(OPCODE.MOVE_I, dst, 0, 0, value);
  }

  add(dst: Register, value: number): this {
    return this.#emit(OPCODE.ADD_I, dst, 0, 0, value);
  }

  addRegister(dst: Register, src: Register): this {
    return this.#emit(OPCODE.ADD_R, dst, src, 0, 0);
  }

  multiply(dst: Register, value: number): this {
    return this.#emit(OPCODE.MULTIPLY_I, dst, 0, 0, value);
  }

  and(dst: Register, value: number): this {
    return this.#emit(OPCODE.AND_I, dst, 0, 0, value);
  }

  shiftRight(dst: Register, bits: number): this {
    return this.#emit(OPCODE.SHIFT_RIGHT_I, dst, 0, 0, bits);
  }

  go(label: string): this {
    return this.#jump(OPCODE.GO, 0, 0, 0, label);
  }

  goIfAbove(dst: Register, src: Register, label: string): this {
    return this.#jump(OPCODE.GO_IF_ABOVE_R, dst, src, 0, label);
  }

  /** Unsigned, like all that compares. */
  goIfAboveNumber(dst: Register, value: number, label: string): this {
    return this.#jump(OPCODE.GO_IF_ABOVE_I, dst, 0, value, label);
  }

  goIfBelowNumber(dst: Register, value: number, label: string): this {
    return this.#jump(OPCODE.GO_IF_BELOW_I, dst, 0, value, label);
  }

  goUnlessEqual(dst: Register, src: Register, label: string): this {
    return this.#jump(OPCODE.GO_UNLESS_EQUAL_R, dst, src, 0, label);
  }

  /** Of the lower 32 bits; with the 64 of the others, a number that looks negative would be another one. */
  goIfEqual32(dst: Register, value: number, label: string): this {
    return this.#jump(OPCODE.GO_IF_EQUAL_32_I, dst, 0, value, label);
  }

  goUnlessEqual32(dst: Register, value: number, label: string): this {
    return this.#jump(OPCODE.GO_UNLESS_EQUAL_32_I, dst, 0, value, label);
  }

  call(helper: number): this {
    return this.#emit(OPCODE.CALL, 0, 0, 0, helper);
  }

  exit(): this {
    return this.#emit(OPCODE.EXIT, 0, 0, 0, 0);
  }

  /** What follows is where jumps to this label lead. */
  label(name: string): this {
    assert(!this.#labels.has(name), `two places are called ${name}`);
    this.#labels.set(name, this.#bytes.length / INSTRUCTION_BYTES);
    return this;
  }

  /** The program's bytes, with every jump led to its label. */
  assemble(): Uint8Array {
    const bytes = Uint8Array.from(this.#bytes);
    const view = new DataView(bytes.buffer);
    for (const { at, label } of this.#jumps) {
      const target = this.#labels.get(label);
      assert(target !== undefined, `no place is called ${label}`);
      const distance = target - at - 1;
      assert(distance >= 0 && distance < 2 ** 15, 'a jump leads forward, as far as its 16 bits reach');
      view.setInt16(at * INSTRUCTION_BYTES + 2, distance, true);
    }
    return bytes;
  }

  #jump(opcode: number, dst: Register, src: Register, value: number, label: string): this {
    this.#jumps.push({ at: this.#bytes.length / INSTRUCTION_BYTES, label });
    return this.#emit(opcode, dst, src, 0, value);
  }

  #emit(opcode: number, dst: Register, src: Register, offset: number, value: number): this {
    const number = [value & 0xff, (value >> 8) & 0xff, (value >> 16) & 0xff, value >>> 24];
    this.#bytes.push(opcode, dst | (src << 4), offset & 0xff, (offset >> 8) & 0xff, ...number);
    return this;
  }
}
