//! Comparison of texts at compile time, where `==` is not available.

pub(super) const fn same(left: &str, right: &str) -> bool {
    are_same(left.as_bytes(), right.as_bytes())
}

pub(super) const fn starts_with(text: &str, prefix: &str) -> bool {
    let (text, prefix) = (text.as_bytes(), prefix.as_bytes());
    prefix.len() <= text.len() && are_same(text.split_at(prefix.len()).0, prefix)
}

const fn are_same(left: &[u8], right: &[u8]) -> bool {
    if left.len() != right.len() {
        return false;
    }
    let mut index = 0;
    while index < left.len() {
        if left[index] != right[index] {
            return false;
        }
        index += 1;
    }
    true
}
