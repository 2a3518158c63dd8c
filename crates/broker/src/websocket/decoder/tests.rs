use proptest::prelude::*;

use super::*;

const MAX: usize = 100_000;

/// Encodes a masked frame, as a client sends it. `first` is its first byte.
fn client_frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mask = [0x11, 0xa2, 0x03, 0xf4];
    let mut frame = vec![first];
    match payload.len() {
        short @ 0..=125 => frame.push(0x80 | u8::try_from(short).unwrap()),
        medium @ 126..=65_535 => {
            frame.push(0x80 | 126);
            frame.extend(u16::try_from(medium).unwrap().to_be_bytes());
        }
        long => {
            frame.push(0x80 | 127);
            frame.extend((long as u64).to_be_bytes());
        }
    }
    frame.extend(mask);
    frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, key)| byte ^ key));
    frame
}

/// Decodes bytes that arrive in parts of this length.
fn decode(bytes: &[u8], part: usize) -> (Vec<Incoming>, Result<(), Violation>) {
    let (mut decoder, mut received) = (Decoder::new(MAX), Vec::new());
    for part in bytes.chunks(part.max(1)) {
        if let Err(violation) = decoder.read(part, |incoming| received.push(incoming)) {
            return (received, Err(violation));
        }
    }
    (received, Ok(()))
}

/// Returns the violation in bytes that must be invalid, the same for all bytes at once and for one byte at a time.
#[track_caller]
fn violation(bytes: &[u8]) -> Violation {
    let (whole, bytewise) = (decode(bytes, bytes.len()), decode(bytes, 1));
    assert_eq!(whole, bytewise);
    whole.1.unwrap_err()
}

/// Messages: whether each is text, its payload, and where it is cut into fragments.
fn messages() -> impl Strategy<Value = Vec<(bool, String, Vec<usize>)>> {
    let text = prop_oneof![".{0,40}", "[a-zé🙂]{100,200}", Just("long ".repeat(15_000))];
    prop::collection::vec((any::<bool>(), text, prop::collection::vec(0usize..80_000, 0..4)), 1..6)
}

/// Frames of every kind, in an order that may be invalid, and often with one wrong byte. Purely random bytes hardly
/// ever get as far as a payload.
fn almost_valid() -> impl Strategy<Value = Vec<u8>> {
    let first = prop_oneof![
        9 => prop::sample::select(vec![0x81, 0x01, 0x80, 0x00, 0x82, 0x02, 0x88, 0x89, 0x8a]),
        1 => any::<u8>(),
    ];
    let payload = prop_oneof![
        ".{0,5}".prop_map(String::into_bytes),
        prop::collection::vec(any::<u8>(), 0..5),
        Just(b"\x03\xe8bye".to_vec()),
        (126usize..140).prop_map(|length| vec![b'a'; length]),
    ];
    let frame = (first, payload).prop_map(|(first, payload)| client_frame(first, &payload));
    let wrong = prop::option::of((any::<prop::sample::Index>(), any::<u8>()));
    (prop::collection::vec(frame, 1..8), wrong).prop_map(|(frames, wrong)| {
        let mut bytes = frames.concat();
        if let Some((index, byte)) = wrong {
            *index.get_mut(&mut bytes) = byte;
        }
        bytes
    })
}

proptest! {
    #[test]
    fn messages_are_decoded_as_they_were_sent_however_they_are_fragmented_and_split(
        messages in messages(),
        part in 1usize..5_000,
    ) {
        let (mut bytes, mut expected) = (Vec::new(), Vec::new());
        for (text, payload, mut cuts) in messages {
            let payload = payload.into_bytes();
            cuts.iter_mut().for_each(|cut| *cut = (*cut).min(payload.len()));
            cuts.extend([0, payload.len()]);
            cuts.sort_unstable();
            for (number, ends) in cuts.windows(2).enumerate() {
                let opcode = if number > 0 { 0 } else if text { 1 } else { 2 };
                let last = if number + 2 == cuts.len() { 0x80 } else { 0 };
                bytes.extend(client_frame(last | opcode, &payload[ends[0]..ends[1]]));
                if last == 0 {
                    // Control frames are allowed between fragments.
                    bytes.extend(client_frame(0x89, b"still there?"));
                    expected.push(Incoming::Ping(b"still there?".to_vec()));
                }
            }
            expected.push(if text {
                Incoming::Text(String::from_utf8(payload).unwrap())
            } else {
                Incoming::Binary(payload)
            });
        }
        prop_assert_eq!(decode(&bytes, part), (expected, Ok(())));
    }

    #[test]
    fn any_bytes_are_decoded_the_same_however_they_are_split(
        bytes in prop_oneof![prop::collection::vec(any::<u8>(), 0..200), almost_valid()],
        part in 1usize..50,
    ) {
        prop_assert_eq!(decode(&bytes, part), decode(&bytes, bytes.len()));
    }
}

#[test]
fn each_violation_has_the_close_code_of_rfc_6455() {
    let unmasked = [0x81, 0x02, b'h', b'i'];
    let protocol: [&[u8]; 13] = [
        &unmasked,
        &client_frame(0xc1, b"hi"),
        &client_frame(0x83, b"hi"),
        &client_frame(0x8b, b""),
        &client_frame(0x80, b"nothing to continue"),
        &[client_frame(0x01, b"a"), client_frame(0x81, b"b")].concat(),
        &client_frame(0x09, b"a ping in parts"),
        &client_frame(0x89, &[0; 126]),
        &client_frame(0x88, &[3]),
        &client_frame(0x88, &1005u16.to_be_bytes()),
        &client_frame(0x88, &2999u16.to_be_bytes()),
        &[0x82, 0x80 | 126, 0, 5, 0, 0, 0, 0, 1, 2, 3, 4, 5],
        &[0x82, 0x80 | 127, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    ];
    for bytes in protocol {
        assert_eq!(violation(bytes).code(), 1002, "{bytes:x?}");
    }
    assert_eq!(violation(&client_frame(0x81, b"\xff")).code(), 1007);
    assert_eq!(violation(&client_frame(0x88, b"\x03\xe8\xff")).code(), 1007);
    assert_eq!(violation(&client_frame(0x82, &vec![0; MAX + 1])).code(), 1009);
    let in_parts = [client_frame(0x02, &vec![0; MAX]), client_frame(0x80, &[0])].concat();
    assert_eq!(violation(&in_parts).code(), 1009);
}

#[test]
fn invalid_utf8_is_refused_before_the_message_is_complete() {
    let frame = client_frame(0x01, b"caf\xc3");
    assert_eq!(decode(&frame, frame.len()), (vec![], Ok(())), "a character may be split between fragments");
    let frame = [frame, client_frame(0x00, b"x")].concat();
    assert_eq!(violation(&frame), Violation::NotUtf8);
    assert_eq!(
        violation(&client_frame(0x81, b"caf\xc3")),
        Violation::NotUtf8,
        "but not at the end of the message"
    );
}

#[test]
fn nothing_is_decoded_after_a_close_frame() {
    let bytes = [client_frame(0x88, b"\x03\xe8bye"), client_frame(0x81, b"one more thing")].concat();
    for part in [1, 3, bytes.len()] {
        assert_eq!(decode(&bytes, part), (vec![Incoming::Close(Some(1000))], Ok(())));
    }
    assert_eq!(decode(&client_frame(0x88, b""), 9).0, [Incoming::Close(None)]);
}

#[test]
fn the_decoder_holds_no_memory_between_messages() {
    let mut decoder = Decoder::new(MAX);
    let bytes =
        [client_frame(0x81, &[b'a'; 5_000]), client_frame(0x89, b"ping"), client_frame(0x8a, b"pong")]
            .concat();
    decoder.read(&bytes, drop).unwrap();
    assert_eq!((decoder.message.capacity(), decoder.control.capacity()), (0, 0));
}
