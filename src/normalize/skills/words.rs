//! The words of a text as the dictionary knows them: runs of ASCII letters and digits, each as one number.
//!
//! Every posting passes here byte by byte, so there is no branch for a byte: a block of text becomes a set of bits, and only the
//! beginnings of words are looked at.

/// Each word: where it begins, and its first eight bytes in lower case.
pub(super) struct Words<'a> {
    bytes: &'a [u8],
    /// Where the block begins.
    block: usize,
    /// Bytes of the block that are in words.
    inside: u64,
    /// Beginnings of words in the block that are still to come.
    starts: u64,
}

impl<'a> Words<'a> {
    pub fn new(text: &'a str) -> Self {
        let mut words = Self { bytes: text.as_bytes(), block: 0, inside: 0, starts: 0 };
        words.read(0);
        words
    }

    /// Reads the block; `before` is 1 where the byte before it is in a word.
    fn read(&mut self, before: u64) {
        let rest = self.bytes.get(self.block..).unwrap_or_default();
        let mut padded = [0; 64];
        let block = rest.first_chunk().unwrap_or_else(|| {
            padded.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
            &padded
        });
        let (eights, _) = block.as_chunks();
        self.inside = 0;
        for (at, eight) in eights.iter().enumerate() {
            self.inside |= in_word(u64::from_le_bytes(*eight)) << (8 * at);
        }
        self.starts = self.inside & !((self.inside << 1) | before);
    }

    fn key(&self, bit: u32) -> u64 {
        let start = self.block + bit as usize;
        let rest = self.bytes.get(start..).unwrap_or_default();
        let first = rest.first_chunk().map_or_else(
            || {
                let mut padded = [0; 8];
                padded.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
                padded
            },
            |first: &[u8; 8]| *first,
        );
        let mut length = (self.inside >> bit).trailing_ones();
        if bit + length == 64 {
            let word = first.iter().take_while(|byte| byte.is_ascii_alphanumeric());
            length = u32::try_from(word.count()).unwrap_or(8);
        }
        let kept = u64::MAX >> (64 - 8 * length.clamp(1, 8));
        (u64::from_le_bytes(first) | 0x2020_2020_2020_2020) & kept
    }
}

/// A bit for each of eight bytes that is an ASCII letter or digit.
const fn in_word(bytes: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    // Adding carries into the top bit of a byte from `first` on.
    const fn from(bytes: u64, first: u8) -> u64 {
        bytes + ONES * (0x80 - first) as u64
    }
    let plain = bytes & (ONES * 0x7F);
    let small = plain | (ONES * 0x20);
    let letters = from(small, b'a') & !from(small, b'z' + 1);
    let digits = from(plain, b'0') & !from(plain, b'9' + 1);
    let tops = ((letters | digits) & !bytes) >> 7 & ONES;
    // The product brings bit 8 * n to bit 56 + n.
    tops.wrapping_mul(0x0102_0408_1020_4080) >> 56
}

impl Iterator for Words<'_> {
    type Item = (usize, u64);

    fn next(&mut self) -> Option<(usize, u64)> {
        while self.starts == 0 {
            let before = self.inside >> 63;
            self.block += 64;
            if self.block >= self.bytes.len() {
                return None;
            }
            self.read(before);
        }
        let bit = self.starts.trailing_zeros();
        self.starts &= self.starts - 1;
        Some((self.block + bit as usize, self.key(bit)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn slowly(text: &str) -> Vec<(usize, u64)> {
        let bytes = text.as_bytes();
        let inside = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_alphanumeric);
        let starts = (0..bytes.len()).filter(|at| inside(*at) && (*at == 0 || !inside(*at - 1)));
        starts
            .map(|start| {
                let mut key = [0; 8];
                for at in (start..bytes.len().min(start + 8)).take_while(|at| inside(*at)) {
                    key[at - start] = bytes[at] | 0x20;
                }
                (start, u64::from_le_bytes(key))
            })
            .collect()
    }

    #[test]
    fn case_and_what_follows_do_not_matter() {
        let keys = |text: &str| Words::new(text).map(|(_, key)| key).collect::<Vec<_>>();
        assert_eq!(keys("Node.js"), keys("  NODE-JS "));
        assert_ne!(keys("Node"), keys("Nodes"));
        assert_eq!(keys(" ,é–"), Vec::<u64>::new());
        assert_eq!(keys(""), Vec::<u64>::new());
    }

    proptest! {
        #[test]
        fn as_read_slowly(text in "\\PC{0,200}|[a-cA-C0-2 .é–]{0,300}") {
            prop_assert_eq!(Words::new(&text).collect::<Vec<_>>(), slowly(&text));
        }
    }
}
