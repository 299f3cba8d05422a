"""What is said of files of kinds that cannot be faxed: what the file is, and what to do next."""

from enum import Enum


class Unfaxable(Enum):
    """A kind of file that cannot be faxed; its value completes a sentence that begins with a file's name."""

    DOCUMENT = "can't be faxed. Save it as a PDF and share that."
    IWORK = "can't be faxed. Export it as a PDF and share that."
    LOCKED_OFFICE = "is locked with a password. Save it as a PDF without one and share that."
    E_MAIL = "is an e-mail, which can't be faxed. Print it to a PDF and share that."
    WEB_PAGE = "is a web page, which can't be faxed. Print it to a PDF and share that."
    ARCHIVE = "is an archive, which can't be faxed. Unpack it and share the files that are in it."
    FORM_DATA = "has the entries of a form without the form. Save the filled-in form as a PDF and share that."
    VIDEO = "is a video, which can't be faxed. Share a picture or a PDF."
    SOUND = "is a sound file, which can't be faxed. Share a document."
    PICTURE = "can't be faxed. Save it as a PDF or a PNG and share that."
    PRINTER = "was made for one kind of printer and can't be faxed. Print it to a PDF and share that."
    PROGRAM = "is a program, which can't be faxed. Share a document."

    def sentence(self, name: str) -> str:
        """The refusal of the file that is shown as *name*."""
        return f"{name} {self.value}"


NO_TEXT = "has no text in it, so the fax would be empty. Share another file."
"""Completes a sentence that begins with the file's name: a text file of spaces and line ends only."""

NO_GHOSTSCRIPT = (
    "is PostScript, which can't be faxed without Ghostscript."
    " Save it as a PDF and share that, or ask an admin to install Ghostscript (`gs`) where faxbot runs."
)
"""Completes a sentence that begins with the file's name."""

BROKEN_POSTSCRIPT = "has errors in its PostScript. Save it as a PDF and share that."
"""Completes a sentence that begins with the file's name."""
