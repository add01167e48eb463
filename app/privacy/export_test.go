package privacy

// DirectConversation lets tests name the conversation of two identities.
var DirectConversation = directConversation
