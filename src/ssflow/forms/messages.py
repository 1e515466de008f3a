"""What people are told about their answers; marked for translation, filled in with `%`."""


def N_(message: str) -> str:  # noqa: N802 - the name by which Babel finds texts to translate
    """Mark a text for translation without translating it yet."""
    return message


WRONG_FORM = N_("Some answers need another look.")
NOT_AN_OBJECT = N_("The answers must be an object of fields.")
REQUIRED = N_("This field is required.")
MUST_BE_TICKED = N_("This must be ticked.")
UNKNOWN_FIELD = N_("The form has no such field.")
TOO_MANY_UNKNOWN = N_("The form does not have %(count)d more of the fields that were sent.")
HIDDEN_FIELD = N_("This field does not apply to the other answers, so it takes no answer.")
LOCKED_FIELD = N_("This field cannot be changed here.")
COMPUTED_FIELD = N_("This value is computed and cannot be sent.")

NOT_A_TEXT = N_("This must be a text.")
UNREADABLE_TEXT = N_("The text holds a character that cannot be stored.")
NOT_ONE_LINE = N_("The text must be a single line.")
TOO_SHORT = N_("Write %(least)d or more characters.")
TOO_LONG = N_("Write %(most)d characters or fewer.")
TOO_MANY_BYTES = N_("The text is larger than 500 kB.")
WRONG_PATTERN = N_("The text does not have the expected form.")
NOT_AN_EMAIL = N_("Enter an e-mail address, such as name@example.com.")
NOT_A_PHONE = N_("Enter a phone number, such as +31 20 123 4567.")

NOT_A_NUMBER = N_("Enter a number.")
NOT_WHOLE = N_("Enter a whole number.")
TOO_MANY_DECIMALS = N_("Enter %(most)d or fewer decimals.")
TOO_LOW = N_("Enter %(least)s or more.")
TOO_HIGH = N_("Enter %(most)s or less.")
OUT_OF_BOUNDS = N_("The number is too large.")

NOT_A_DATE = N_("Enter a date as year-month-day, such as 2026-11-30.")
NOT_A_TIME = N_("Enter a time as hours and minutes, such as 14:30.")
NOT_A_MOMENT = N_("Enter a date and time, such as 2026-11-30T14:30.")
IN_THE_PAST = N_("Enter a day that is not in the past.")

NOT_A_TICK = N_("Answer with true or false.")
NOT_OFFERED = N_("Choose one of the options offered.")
NOT_A_LIST = N_("This must be a list.")
CHOSEN_TWICE = N_("An option was chosen more than once.")
TOO_FEW_CHOSEN = N_("Choose %(least)d or more.")
TOO_MANY_CHOSEN = N_("Choose %(most)d or fewer.")
NOT_A_FILE = N_("This is not a file that was added here.")
TOO_FEW_FILES = N_("Add %(least)d or more files.")
TOO_MANY_FILES = N_("Add %(most)d or fewer files.")

NOT_A_ROW = N_("This row must be an object of fields.")
TOO_FEW_ROWS = N_("Fill in %(least)d or more rows.")
TOO_MANY_ROWS = N_("Fill in %(most)d or fewer rows.")
FIXED_ROWS = N_("Rows cannot be added or removed here.")
NOT_UNIQUE = N_("Another row has the same value.")
NOT_ASCENDING = N_("This must come after the row before it.")
NOT_COVERED = N_("There must be a row with “%(option)s”.")

YES = N_("Yes")
NO = N_("No")
