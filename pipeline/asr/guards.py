"""What Whisper writes that nobody said: credits of films, loops, the prompt, text about silence."""

import re
import unicodedata

from pipeline.asr.base import RemovalReason

CREDITS = re.compile(
    r"""
      请?不吝(点赞|订阅|转发).*
    | (中文|本)?字幕(by|志愿者|组|制作).*
    | (中文|本)?字幕由?.{0,20}(社区|社群|志愿者|字幕组|amaraorg).*
    | 本?字幕由.{0,20}(提供|制作|翻译)
    | (请|欢迎|记得)?(订阅|点赞|关注|转发|打赏)(我的|我们的)?(频道|明镜|点点栏目|.{0,4}(订阅|点赞|关注|转发|打赏)).*
    | 明镜与?点点栏目
    | 优优独播剧场.*
    | (谢谢|感谢)(您的|大家的?|各位的?|你们的?)?(观看|收看|收听)(.{0,6}(再见|下次见|下期(再)?见))?
    | (我们)?下(期|个视频|集)(再)?见
    | (作词|作曲|编曲|词曲|演唱)(李宗盛|.{2,4}(作词|作曲|编曲|演唱).{2,4}).*
    | 李宗盛
    | (subtitles?|captions?|captioning|transcri(bed|ption)|translated)(created|provided|made)?by.*
    | .*amaraorg.*
    | thank(s|you)(somuch|verymuch)?for(watching|listening|viewing).*
    | (please|dontforgetto|rememberto)(like|subscribe).{0,30}
    | (likeand)?subscribe(to(my|the|our)channel|formore).*
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""Matched against everything that was written for a stretch of speech, punctuation and blanks taken out.

Source: Whisper's subtitle training data, as collected in openai/whisper discussions 679 and 928 and
Barański et al., "Investigation of Whisper ASR hallucinations induced by non-speech audio" (2025).
A bare 谢谢 or 订阅 is not among them: people say that.
"""

LOOP = re.compile(r"([^\d\s])\1{9,}|([^\d]{2,3}?)\2{5,}|([^\d]{4,15}?)\3{3,}")
"""Ten times the same character, six times the same two or three, four times the same 4–15 and more.

People do say 好的好的好的好的, and digits repeat: those are let through.
"""

LEAST_ECHO = 6
"""Characters that must be the prompt's, in one go, to be its echo."""

NO_SPEECH_PROBABILITY = 0.6
"""With ``IMPROBABLE_LOGPROB``: Whisper's own sign of silence. Source: openai/whisper, transcribe.py."""
IMPROBABLE_LOGPROB = -1.0
"""Mean log probability of the tokens of a window. Source: openai/whisper, transcribe.py."""


def bare(text: str) -> str:
    """``text`` without punctuation, symbols and blanks, NFKC, lower case.

    >>> bare(" Amara.org 社區！")
    'amaraorg社區'
    """
    return "".join(char for char in unicodedata.normalize("NFKC", text).lower() if char.isalnum())


def judge_stretch(text: str, *, prompt: str) -> RemovalReason | None:
    """Why all of ``text`` should be removed; ``None`` where it may stay.

    ``text`` is what was written for one stretch of speech: from silence to silence.
    """
    core = bare(text)
    if CREDITS.fullmatch(core):
        return RemovalReason.CREDIT
    if len(core) >= LEAST_ECHO and core in bare(prompt):
        return RemovalReason.PROMPT_ECHO
    return None


def judge_window(*, no_speech_probability: float, mean_logprob: float) -> RemovalReason | None:
    """Why all that was written for a window should be removed, from the model's own doubts."""
    if no_speech_probability > NO_SPEECH_PROBABILITY and mean_logprob < IMPROBABLE_LOGPROB:
        return RemovalReason.IMPROBABLE
    return None


def find_loop(text: str) -> tuple[int, int] | None:
    """Where ``text`` goes round: from the first repeat to the end of the last; ``None`` where it does not.

    >>> find_loop("好的好的好的好的好的好的，再见")
    (2, 12)
    """
    found = LOOP.search(text)
    if found is None:
        return None
    return found.start() + len(next(unit for unit in found.groups() if unit)), found.end()
