//! A gibibyte of zeros in a few bytes, written bit by bit in each coding.

/// Bits, least significant first, as deflate and brotli pack them.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    used: u32,
}

impl Bits {
    fn put(&mut self, value: u32, count: u32) {
        for bit in 0..count {
            if self.used.is_multiple_of(8) {
                self.bytes.push(0);
            }
            *self.bytes.last_mut().unwrap() |= u8::from(value >> bit & 1 == 1) << (self.used % 8);
            self.used += 1;
        }
    }

    /// Prefix codes of deflate go in from their most significant bit.
    fn code(&mut self, code: u32, count: u32) {
        for bit in (0..count).rev() {
            self.put(code >> bit & 1, 1);
        }
    }
}

const SIZE: u32 = 1 << 30;

/// One block of RFC 1951 with fixed codes: a zero, then "258 more of the last byte" again and again.
pub fn gzip() -> Vec<u8> {
    let mut bits = Bits { bytes: vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255], used: 80 };
    bits.put(1, 1);
    bits.put(1, 2);
    bits.code(0x30, 8);
    for _ in 0..SIZE / 258 {
        bits.code(0b1100_0101, 8);
        bits.code(0, 5);
    }
    bits.code(0, 7);
    bits.bytes
}

/// Meta-blocks of RFC 7932 of 16 MiB each: one literal, then a copy of the rest from one byte back.
pub fn brotli() -> Vec<u8> {
    let mut bits = Bits::default();
    bits.put(0, 1);
    for _ in 0..SIZE >> 24 {
        bits.put(0, 1);
        bits.put(2, 2);
        bits.put((1 << 24) - 1, 24);
        bits.put(0, 1);
        bits.put(0, 3);
        bits.put(0, 2 + 4 + 2 + 1 + 1);
        for (symbol, width) in [(0, 8), (399, 10), (16, 6)] {
            bits.put(1, 2);
            bits.put(0, 2);
            bits.put(symbol, width);
        }
        bits.put((1 << 24) - 1 - 2118, 24);
        bits.put(0, 1);
    }
    bits.put(3, 2);
    bits.bytes
}

/// A frame of RFC 8878 of blocks that say "this byte 128 Ki times".
pub fn zstd() -> Vec<u8> {
    zstd_with_window(17)
}

/// The same, for a reader with a window of 2 to the power of `log` bytes.
pub fn zstd_with_window(log: u8) -> Vec<u8> {
    let mut bytes = vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, (log - 10) << 3];
    let blocks = SIZE >> 17;
    for block in 1..=blocks {
        let header = u32::from(block == blocks) | 1 << 1 | 1 << 17 << 3;
        bytes.extend(&header.to_le_bytes()[..3]);
        bytes.push(0);
    }
    bytes
}
