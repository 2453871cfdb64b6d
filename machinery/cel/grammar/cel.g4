grammar Cel;

start : expr EOF ;

expr : conditionalOr ('?' conditionalOr ':' expr)? ;

conditionalOr : conditionalAnd ('||' conditionalAnd)* ;

conditionalAnd : relation ('&&' relation)* ;

relation
  : calc
  | relation ('<' | '<=' | '>=' | '>' | '==' | '!=' | 'in') relation
  ;

calc
  : unary
  | calc ('*' | '/' | '%') calc
  | calc ('+' | '-') calc
  ;

unary
  : member
  | '!'+ member
  | '-'+ member
  ;

member
  : primary
  | member '.' '?'? escapeIdent
  | member '.' IDENTIFIER '(' exprList? ')'
  | member '[' '?'? expr ']'
  ;

primary
  : '.'? IDENTIFIER
  | '.'? IDENTIFIER ('(' exprList? ')')
  | '(' expr ')'
  | '[' listInit? ','? ']'
  | '{' mapInitializerList? ','? '}'
  | '.'? IDENTIFIER ('.' IDENTIFIER)* '{' fieldInitializerList? ','? '}'
  | literal
  ;

exprList : expr (',' expr)* ;
listInit : optExpr (',' optExpr)* ;
fieldInitializerList : optField ':' expr (',' optField ':' expr)* ;
optField : '?'? escapeIdent ;
mapInitializerList : optExpr ':' expr (',' optExpr ':' expr)* ;
escapeIdent
  : IDENTIFIER # plainName
  | ESC_IDENTIFIER # escapedName
  ;
optExpr : '?'? expr ;

literal
  : '-'? NUM_INT # int
  | NUM_UINT # uint
  | '-'? NUM_FLOAT # double
  | STRING # string
  | BYTES # bytes
  | 'true' # true
  | 'false' # false
  | 'null' # null
  ;

EQUALS : '==';
NOT_EQUALS : '!=';
IN : 'in';
LESS : '<';
LESS_EQUALS : '<=';
GREATER_EQUALS : '>=';
GREATER : '>';
LOGICAL_AND : '&&';
LOGICAL_OR : '||';
LBRACKET : '[';
RBRACKET : ']';
LBRACE : '{';
RBRACE : '}';
LPAREN : '(';
RPAREN : ')';
DOT : '.';
COMMA : ',';
MINUS : '-';
EXCLAM : '!';
QUESTIONMARK : '?';
COLON : ':';
PLUS : '+';
STAR : '*';
SLASH : '/';
PERCENT : '%';
CEL_TRUE : 'true';
CEL_FALSE : 'false';
NUL : 'null';

fragment LETTER : [A-Za-z];
fragment DIGIT : [0-9];
fragment EXPONENT : [eE] [+-]? DIGIT+;
fragment HEXDIGIT : [0-9a-fA-F];
fragment RAW : [rR];
fragment ESC_SEQ
  : '\\' [abfnrtv"'\\?`]
  | '\\' [xX] HEXDIGIT HEXDIGIT
  | '\\' 'u' HEXDIGIT HEXDIGIT HEXDIGIT HEXDIGIT
  | '\\' 'U' HEXDIGIT HEXDIGIT HEXDIGIT HEXDIGIT HEXDIGIT HEXDIGIT HEXDIGIT HEXDIGIT
  | '\\' [0-3] [0-7] [0-7]
  ;

WHITESPACE : [\t \r\n\u000C]+ -> channel(HIDDEN);
COMMENT : '//' ~[\n]* -> channel(HIDDEN);

NUM_FLOAT
  : DIGIT+ '.' DIGIT+ EXPONENT?
  | DIGIT+ EXPONENT
  | '.' DIGIT+ EXPONENT?
  ;
NUM_INT : DIGIT+ | '0x' HEXDIGIT+;
NUM_UINT : DIGIT+ [uU] | '0x' HEXDIGIT+ [uU];

STRING
  : '"' (ESC_SEQ | ~[\\"\n\r])* '"'
  | '\'' (ESC_SEQ | ~[\\'\n\r])* '\''
  | '"""' (ESC_SEQ | ~[\\])*? '"""'
  | '\'\'\'' (ESC_SEQ | ~[\\])*? '\'\'\''
  | RAW '"' ~["\n\r]* '"'
  | RAW '\'' ~['\n\r]* '\''
  | RAW '"""' .*? '"""'
  | RAW '\'\'\'' .*? '\'\'\''
  ;
BYTES : [bB] STRING;
IDENTIFIER : (LETTER | '_') (LETTER | DIGIT | '_')*;
ESC_IDENTIFIER : '`' (LETTER | DIGIT | [_./ \-])+ '`';
