import io

import numpy as np
import soundfile as sf  # pyright: ignore[reportMissingTypeStubs] - it brings none; its signatures are annotated

from ringback.speech.codec import decode_mulaw, encode_mulaw

ALL_BYTES = np.arange(256, dtype=np.uint8)
ALL_SAMPLES = np.arange(-32_768, 32_768, dtype=np.int32).astype(np.int16)


def test_all_bytes_decode_as_libsndfile_decodes_them() -> None:
    theirs, _ = sf.read(
        io.BytesIO(ALL_BYTES.tobytes()), dtype="int16", format="RAW", subtype="ULAW", samplerate=8000, channels=1
    )
    assert np.array_equal(decode_mulaw(ALL_BYTES), theirs)


def test_all_samples_survive_within_half_a_step_of_their_segment() -> None:
    back = decode_mulaw(encode_mulaw(ALL_SAMPLES)).astype(np.int32)
    samples = np.clip(ALL_SAMPLES.astype(np.int32), -32_635, 32_635)
    segment = np.log2(np.abs(samples) + 132).astype(np.int32) - 7
    assert (np.abs(back - samples) <= 4 << segment).all()


def test_decoded_bytes_encode_to_themselves_except_negative_zero() -> None:
    back = encode_mulaw(decode_mulaw(ALL_BYTES))
    assert back[back != ALL_BYTES].tolist() == [0xFF]
    assert ALL_BYTES[back != ALL_BYTES].tolist() == [0x7F]


def test_silence_is_the_byte_of_ones() -> None:
    assert encode_mulaw(np.zeros(160, np.int16)).tobytes() == b"\xff" * 160


def test_frames_of_many_calls_are_coded_in_one_step() -> None:
    frames = np.arange(-400, 400, dtype=np.int16).reshape(5, 160)
    assert decode_mulaw(encode_mulaw(frames)).shape == (5, 160)
    assert np.array_equal(encode_mulaw(frames)[3], encode_mulaw(frames[3]))
