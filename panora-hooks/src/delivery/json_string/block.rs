//! Scanning of a JSON string, 64 bytes at a time.

/// The positions of the relevant bytes in 64 bytes. The first byte is the lowest bit.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) quotes: u64,
    pub(super) backslashes: u64,
    pub(super) has_control: bool,
}

impl Block {
    pub(super) const BYTES: usize = 64;

    #[inline]
    pub(super) fn read(bytes: &[u8; Self::BYTES]) -> Self {
        #[cfg(target_arch = "x86_64")]
        return sse2::read(bytes);
        #[cfg(not(target_arch = "x86_64"))]
        return portable::read(bytes);
    }

    /// Returns the bytes that a backslash escapes. `is_escaped` says whether a backslash before the
    /// block escapes its first byte. Afterwards it says whether the last byte of the block escapes
    /// the byte that follows.
    ///
    /// A backslash escapes the next byte unless it is escaped itself, so in a run of backslashes
    /// every second one is escaped. Adding a bit to the start of a run carries to its end, which
    /// finds the ends of runs without a loop (Langdale and Lemire, "Parsing Gigabytes of JSON per
    /// Second", 2019, section 3.1.1).
    #[inline]
    pub(super) fn escaped(&self, is_escaped: &mut bool) -> u64 {
        const EVEN: u64 = 0x5555_5555_5555_5555;
        let escaped_first = u64::from(*is_escaped);
        let backslashes = self.backslashes & !escaped_first;
        let follows = (backslashes << 1) | escaped_first;
        let odd_starts = backslashes & !EVEN & !follows;
        let (even_carried, overflows) = odd_starts.overflowing_add(backslashes);
        *is_escaped = overflows;
        (EVEN ^ (even_carried << 1)) & follows
    }
}

#[cfg(target_arch = "x86_64")]
mod sse2 {
    use safe_arch::{
        cmp_eq_mask_i8_m128i, load_unaligned_m128i, m128i, min_u8_m128i, move_mask_i8_m128i,
        set_splat_i8_m128i,
    };

    use super::Block;

    #[inline]
    pub(super) fn read(bytes: &[u8; Block::BYTES]) -> Block {
        let (quote, backslash) = (splat(b'"'), splat(b'\\'));
        let (mut quotes, mut backslashes) = (0, 0);
        let mut least = splat(u8::MAX);
        let (chunks, _) = bytes.as_chunks();
        for (index, chunk) in chunks.iter().enumerate() {
            let chunk = load_unaligned_m128i(chunk);
            quotes |= equal(chunk, quote) << (16 * index);
            backslashes |= equal(chunk, backslash) << (16 * index);
            least = min_u8_m128i(least, chunk);
        }
        let controls = equal(min_u8_m128i(least, splat(b' ' - 1)), least);
        Block { quotes, backslashes, has_control: controls != 0 }
    }

    fn splat(byte: u8) -> m128i {
        set_splat_i8_m128i(byte.cast_signed())
    }

    fn equal(one: m128i, other: m128i) -> u64 {
        u64::from(move_mask_i8_m128i(cmp_eq_mask_i8_m128i(one, other)).cast_unsigned())
    }
}

/// The same scan for any machine, with 8 bytes in a register.
#[cfg(any(test, not(target_arch = "x86_64")))]
mod portable {
    use super::Block;

    const LOWEST_BITS: u64 = u64::from_ne_bytes([0x01; 8]);
    const HIGHEST_BITS: u64 = LOWEST_BITS << 7;

    pub(super) fn read(bytes: &[u8; Block::BYTES]) -> Block {
        let (mut quotes, mut backslashes, mut controls) = (0, 0, 0);
        let (chunks, _) = bytes.as_chunks();
        for (index, chunk) in chunks.iter().enumerate() {
            let chunk = u64::from_le_bytes(*chunk);
            quotes |= equal(chunk, b'"') << (8 * index);
            backslashes |= equal(chunk, b'\\') << (8 * index);
            // A byte below a space borrows. Above the first such byte, others may borrow, too.
            controls |= chunk.wrapping_sub(LOWEST_BITS * u64::from(b' ')) & !chunk & HIGHEST_BITS;
        }
        Block { quotes, backslashes, has_control: controls != 0 }
    }

    /// Returns a bit for each byte that is `byte`.
    fn equal(chunk: u64, byte: u8) -> u64 {
        let difference = chunk ^ (LOWEST_BITS * u64::from(byte));
        let is_zero = !(((difference & !HIGHEST_BITS) + !HIGHEST_BITS) | difference) & HIGHEST_BITS;
        // The product gathers the highest bit of each byte in the highest byte.
        (is_zero >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slowly(bytes: &[u8; Block::BYTES]) -> Block {
        let bits = |byte| bytes.iter().rev().fold(0, |bits, found| (bits << 1) | u64::from(*found == byte));
        Block {
            quotes: bits(b'"'),
            backslashes: bits(b'\\'),
            has_control: bytes.iter().any(|byte| *byte < b' '),
        }
    }

    #[test]
    fn every_byte_at_every_position() {
        for filler in [b'a', b'"', b'\\', b' ', 0x80, 0xff] {
            for position in 0..Block::BYTES {
                for byte in 0..=u8::MAX {
                    let mut bytes = [filler; Block::BYTES];
                    bytes[position] = byte;
                    assert_eq!(Block::read(&bytes), slowly(&bytes), "{byte} at {position} in {filler}");
                    assert_eq!(portable::read(&bytes), slowly(&bytes), "{byte} at {position} in {filler}");
                }
            }
        }
    }
}
