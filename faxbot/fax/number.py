"""
Parses fax numbers as people write them into what the fax server dials.

An outside number becomes its E.164 digits without the plus sign (`14695550101`), after the plan's
international prefix if it is foreign, and after the dial prefix. An extension of 2 to 6 digits is dialed as
written, after the dial prefix. Two digits count as an extension only with "ext.": alone they may be a typo.

Source: FileSend (`destination`), ucx-fax-api.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

import phonenumbers
from phonenumbers import (
    Leniency,
    NumberParseException,
    PhoneNumber,
    PhoneNumberFormat,
    PhoneNumberMatcher,
    ValidationResult,
)

from faxbot.fax.dialplan import Destination, DialPlan, only_digits, quote, to_extension, to_outside
from faxbot.fax.errors import BadNumber

__all__ = ["Destination", "DialPlan", "find", "parse", "pretty", "same"]

_TEL_LINK = re.compile(r"<tel:([^|>]*)(?:\|[^>]*)?>", re.IGNORECASE)
_EXTENSION = re.compile(
    r"(?:(?:ext(?:ension|n)?\.?|x)\s*(?=[0-9]{2})|(?=[0-9]{3}))([0-9]{2,6})", re.IGNORECASE
)
_LISTED = re.compile(r"[,;&|\n]|\b(?:and|or)\b", re.IGNORECASE)
_NO_NUMBER = re.compile(
    r"""<[^>]*>                                            # mentions and links
    | \b\w+://\S+ | \S+@\S+ | :[\w+-]*[a-z][\w+-]*:       # addresses, emoji
    | \b[\w.-]+\.(?:pdf|tiff?|ps|txt|png|jpe?g)\b         # file names
    | \b[TR]X\s?[0-9]+\b | [#$€£¥]\s?[\w][\w.,]*           # jobs, tickets, amounts
    | (?<![\w+])[0-9][0-9.,]*\s?(?:USD|CAD|EUR|GBP|dollars?|euros?|[$€£¥%])
    | (?<![\w+.-])(?:19|20)[0-9]{2}-(?:0[1-9]|1[0-2])-[0-3][0-9](?![\w-])
    | (?<![\w+./-])[0-3]?[0-9]([./])[0-3]?[0-9]\1(?:19|20)?[0-9]{2}(?![\w/-]|\.[0-9])
    | (?<![\w:])[0-2]?[0-9]:[0-5][0-9](?::[0-5][0-9])?(?![\w:])
    """,
    re.IGNORECASE | re.VERBOSE,
)
_MARKERS = '*_~`"“”'
_MARKERS_TO_SPACES = str.maketrans(dict.fromkeys(_MARKERS, " "))
_ZEROS_FOR_PLUS = re.compile(r"(?<![\w+)./-])(?<![0-9]\s)00(?=[1-9])")
_BARE_NUMBER = re.compile(r"(?:ext(?:ension|n)?\.?\s*)?\+?[0-9(][0-9 ().+/-]*", re.IGNORECASE)
_CALL_WORD = r"(?<!\w)(?:fax|to|dial|call|tel|phone|number|at)\b\.?:?"
_LEAD_IN = re.compile(rf"{_CALL_WORD}[\s*_`\"'(]*(?:(?:it|this|that|number|to)[\s:]+)*$", re.IGNORECASE)
_NAMED_EXTENSION = re.compile(
    rf"""(?:(?<!\w)ext(?:ension|n)?\.?\s*
    | {_CALL_WORD.replace("|at)", ")")}\s+(?:(?:it|this|that)\s+)?(?:to\s+)?(?=[0-9]{{3}}))
    (?P<digits>[0-9]{{2,6}})(?![\w-]|[./:][0-9])
    (?=[\s\0]*(?:$|[.,;!?)]|(?:from|via|on|please|thanks|for|by|at|using|with|as|and|or|now|today)\b))""",
    re.IGNORECASE | re.VERBOSE,
)
_QUOTES = " \t\r\n\"'`´“”„‘’‚«»"  # noqa: RUF001 - the quotation marks people paste
_SHORTEST_OUTSIDE_NUMBER = 7
_SHORTEST_WHOLE_NUMBER = 8  # digits before at least this many are taken for a prefix
_LONGEST_PREFIX = 7
_PREFIX_OF_AN_EXTENSION = 2
_SHORTEST_COMPARED = 3
_LONGEST_NUMBER = 250  # characters; the limit of phonenumbers
_LONGEST_WRITING = 1000  # with Slack's link around it; patterns over long texts would block the event loop
_LONGEST_SENTENCE = 2000


def parse(text: str, plan: DialPlan) -> Destination:
    """
    Parse *text*, a single number as typed by a person or linked by Slack.

    Raises:
        BadNumber: It is not a number that may be dialed; the message says why and shows an example.
    """
    if len(text) > _LONGEST_WRITING:
        raise BadNumber(f"{quote(text)} is too long to be a phone number. Write it like {plan.example}.")
    written = _unwrap(text)
    if not any(char.isalnum() for char in written):
        raise BadNumber(f"I need one phone number. Write it like {plan.example}.")
    if extension := _EXTENSION.fullmatch(written):
        return to_extension(extension[1], plan)
    if len(written) > _LONGEST_NUMBER:
        raise BadNumber(f"{quote(written)} is too long to be a phone number. Write it like {plan.example}.")
    _check_writing(written, plan)
    return to_outside(_read(written, plan), written, plan)


@lru_cache(maxsize=4096)
def pretty(number: str, region: str) -> str:
    """A number from the fax server in display format; text that is no number is returned as it is."""
    number = " ".join(number.split())
    if not number:
        return "unknown number"
    if re.fullmatch(r"[0-9]{2,6}", number):
        return f"ext. {number}"
    known = _recognize(number, region)
    return phonenumbers.format_number(known, PhoneNumberFormat.INTERNATIONAL) if known else number


@lru_cache(maxsize=4096)
def same(a: str, b: str, region: str) -> bool:
    """
    Whether *a* and *b* are the same destination; False if one of them is empty.

    A fax server may strip or add prefixes, and format the number in another way: a plus sign, a leading 1 or
    0, brackets, `14695550101@fax`. They are the same if they are equal as numbers, or if the longer one ends
    in all digits of the shorter: a full number after a prefix of up to 7 digits, an extension after 1 or 2.
    """
    first, second = (only_digits(number.partition("@")[0]) for number in (a, b))
    if not first or not second:
        return False
    if first == second or _canonical(first, region) == _canonical(second, region):
        return True
    short, long = sorted((first, second), key=len)
    prefix = len(long) - len(short)
    most = _LONGEST_PREFIX if len(short) >= _SHORTEST_WHOLE_NUMBER else _PREFIX_OF_AN_EXTENSION
    return len(short) >= _SHORTEST_COMPARED and prefix <= most and long.endswith(short)


def _canonical(digits: str, region: str) -> str:
    known = _recognize(digits, region)
    return phonenumbers.format_number(known, PhoneNumberFormat.E164) if known else digits


def _recognize(number: str, region: str) -> PhoneNumber | None:
    """
    Parse digits with or without a country code.

    A valid number is preferred to a possible one, a number of *region* to an international one.
    """
    if re.search(r"[^\W\d_]", number) or re.fullmatch(r"[0-9]{0,6}", number):
        return None
    readings = [read for text in (number, f"+{number}") if (read := _try_parse(text, region))]
    readings = [r for r in readings if _possible(r) and not r.extension]
    return next(filter(phonenumbers.is_valid_number, readings), readings[0] if readings else None)


def _try_parse(text: str, region: str) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(text, region)
    except NumberParseException:
        return None


def _possible(number: PhoneNumber) -> bool:
    """Whether the number has a possible length, including its area code."""
    reason = phonenumbers.is_possible_number_with_reason(number)
    return bool(reason == ValidationResult.IS_POSSIBLE)


def tidy(text: str) -> str:
    """Convert decimal digits, dashes, spaces and plus signs of any script to ASCII; drop invisible marks."""
    out = []
    for char in text:
        category = unicodedata.category(char)
        if category == "Nd":
            out.append(str(unicodedata.decimal(char)))
        elif category == "Pd" or char == "\N{MINUS SIGN}":
            out.append("-")
        elif category == "Zs" or char in "\t\r":
            out.append(" ")
        elif category != "Cf":
            out.append({"\uff0b": "+", "\uff08": "(", "\uff09": ")"}.get(char, char))
    return "".join(out)


def _unwrap(text: str) -> str:
    """Remove Slack's link markup, quotation marks, and bold, italic or strike-through markers."""
    written = _TEL_LINK.sub(r" \n\1\n ", tidy(text)).strip(_QUOTES)
    paired = re.fullmatch(r"([*_~]+)(.*)\1", written, re.DOTALL)
    written = (paired[2] if paired else written).strip(_QUOTES)
    return re.sub(r"^tel:\s*", "", written, flags=re.IGNORECASE)


def _check_writing(written: str, plan: DialPlan) -> None:
    """
    Check the format before the digits are parsed.

    Raises:
        BadNumber: There are several numbers, an extension, letters or other characters.
    """
    if len([part for part in _LISTED.split(written) if len(only_digits(part)) > 1]) > 1 or _slashed(written):
        raise BadNumber(f"{quote(written)} is more than one number. Send to one at a time: {plan.example}.")
    if re.search(r"(?:ext(?:ension|n)?\.?|x|#)\s*[0-9]+$", written, re.IGNORECASE) and only_digits(written):
        raise BadNumber(
            f"{quote(written)} ends in an extension, which a fax call can't reach. Write only {plan.example}."
        )
    if any(char.isalpha() for char in written):
        raise BadNumber(f"{quote(written)} has letters in it. Write digits only, like {plan.example}.")
    if odd := re.search(r"[^0-9+\-() ./]", written) or re.search(r"(?<=[0-9(])\s*\+", written):
        raise BadNumber(
            f"{quote(written)} has a \N{LEFT DOUBLE QUOTATION MARK}{odd[0].strip()}"
            f"\N{RIGHT DOUBLE QUOTATION MARK} where a phone number has none. Write it like {plan.example}."
        )


def _slashed(written: str) -> bool:
    """Whether it is two full numbers with a slash between them; `030/123456` is one number."""
    return (
        len([part for part in written.split("/") if len(only_digits(part)) >= _SHORTEST_OUTSIDE_NUMBER]) > 1
    )


def _read(written: str, plan: DialPlan) -> PhoneNumber:
    """
    Parse *written* as an outside number; a leading `00` counts as a plus sign if it does not parse otherwise.

    Raises:
        BadNumber: It has no possible length or country code, or is ambiguous.
    """
    spellings = [written]
    if zeros := re.match(r"[ (]*00(?=\s*[1-9])", written):
        spellings.append("+" + written[zeros.end() :])
    for spelling in spellings:
        number = _try_parse(spelling, plan.region)
        if number is not None and _possible(number) and _is_unambiguous(number):
            return number
    raise BadNumber(_what_is_wrong(written, plan))


def _is_unambiguous(number: PhoneNumber) -> bool:
    """Whether formatting and parsing yields the number again; trunk zeros (`+358 000 0000`) may not."""
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    again = _try_parse(phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL), "ZZ")
    return again is not None and phonenumbers.format_number(again, PhoneNumberFormat.E164) == e164


def _what_is_wrong(written: str, plan: DialPlan) -> str:
    here, next_step = f"here ({plan.region})", f"Write it like {plan.example}."
    try:
        number = phonenumbers.parse(written, plan.region)
    except NumberParseException as exc:
        if exc.error_type == NumberParseException.INVALID_COUNTRY_CODE:
            return f"{quote(written)} begins with a country code that doesn't exist. {next_step}"
        length = "long" if exc.error_type == NumberParseException.TOO_LONG else "short"
        return f"{quote(written)} is too {length} to be a phone number {here}. {next_step}"
    if number.country_code != plan.country_code:
        here = f"with the country code +{number.country_code}"
    reason = phonenumbers.is_possible_number_with_reason(number)
    if reason == ValidationResult.IS_POSSIBLE_LOCAL_ONLY:
        return f"{quote(written)} is too short: the area code is missing. {next_step}"
    if reason == ValidationResult.IS_POSSIBLE:
        return f"{quote(written)} can't be told from another number. {next_step}"
    fault = {
        ValidationResult.TOO_SHORT: "is too short to be a phone number",
        ValidationResult.TOO_LONG: "is too long to be a phone number",
    }.get(reason, "hasn't the length of a phone number")
    if re.fullmatch(r"[0-9]{2}", written):
        next_step = f"{next_step.removesuffix('.')}, or ext. {written} if it is an extension."
    return f"{quote(written)} {fault} {here}. {next_step}"


def find(text: str, plan: DialPlan) -> tuple[Destination, ...]:
    """
    Find the distinct fax numbers, in their order, in the text of a message with a shared file.

    Mentions, links, addresses, job ids, dates, times and amounts are not numbers. Digits in running text
    count if they are a valid number, or a possible one right after a word like "to" or "fax". An extension
    counts only after such a word, or if it is the whole text.

    Raises:
        BadNumber: Something written as a number is invalid or may not be dialed.
    """
    clean = _beginning(tidy(text))
    spans = [(link.start(), link.end(), parse(link[1], plan)) for link in _TEL_LINK.finditer(clean)]
    masked = _TEL_LINK.sub(_blank, clean)
    masked = _NO_NUMBER.sub(_blank, masked)
    masked = _ZEROS_FOR_PLUS.sub("+ ", masked).translate(_MARKERS_TO_SPACES)
    everything = masked.strip(_QUOTES + "\0")
    if not spans and _BARE_NUMBER.fullmatch(everything):
        start = masked.index(everything)
        spans = [(start, start + len(everything), parse(everything, plan))]
    else:
        outside = list(_outside_numbers(masked, plan))
        for start, end, _ in outside:
            masked = masked[:start] + "\0" * (end - start) + masked[end:]
        extensions = [
            (*match.span("digits"), to_extension(match["digits"], plan))
            for match in _NAMED_EXTENSION.finditer(masked)
        ]
        spans += outside + extensions
    spans.sort(key=lambda span: span[0])
    different = {destination.dial: destination for _, _, destination in spans}
    return tuple(different.values())


def _beginning(text: str) -> str:
    """Cut a long text, but not inside a number: a part of a number could be another number."""
    if len(text) <= _LONGEST_SENTENCE:
        return text
    return re.sub(r"\S*\Z", "", text[:_LONGEST_SENTENCE]).rstrip(" \n0123456789+-()./")


def _outside_numbers(masked: str, plan: DialPlan) -> Iterator[tuple[int, int, Destination]]:
    for match in PhoneNumberMatcher(masked, plan.region, leniency=Leniency.POSSIBLE):
        if masked[match.start - 1 : match.start].isalnum() or masked[match.end : match.end + 1].isalnum():
            continue
        meant = _LEAD_IN.search(masked, 0, match.start)
        if meant or (_possible(match.number) and phonenumbers.is_valid_number(match.number)):
            yield match.start, match.end, parse(match.raw_string, plan)


def _blank(match: re.Match[str]) -> str:
    return "\0" * len(match[0])
